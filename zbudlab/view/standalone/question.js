// A numeric question of an exercise with an immediate check. See question.py.

const NEAR = 1e-9; // relative: numbers are compared as a check in a notebook does

zbudlab.kind("question", (box, { students, why }) => {
  const field = (words, more) => {
    const input = element("input", { type: "number", step: "any", ...more });
    return { input, label: element("label", {}, `${words} `, input) };
  };
  const who = field("Your student number", { min: 0, max: students.length - 1, value: 0 });
  const answer = field("Your answer", {});
  const given = element("p", {}), says = element("p", { role: "status" });
  const chosen = () => students[Math.min(Math.max(Math.trunc(who.input.valueAsNumber) || 0, 0), students.length - 1)];
  const ask = () => {
    given.textContent = Object.entries(chosen()[0]).map(([name, value]) => `${name.replaceAll("_", " ")}: ${value}`).join(", ");
    says.textContent = "";
  };
  const check = (event) => {
    event.preventDefault();
    const got = answer.input.valueAsNumber, right = chosen()[1];
    const good = Math.abs(got - right) <= NEAR * Math.abs(right);
    says.textContent = Number.isNaN(got) ? "Enter a number first." : good ? "\u2713 Right." : `${got} is not right. ${why}`.trim();
    box.dataset.right = good ? "1" : "0";
  };
  who.input.addEventListener("input", ask);
  const form = element("form", { class: "zb zbl-alone zbl-question", onsubmit: check }, who.label, given, answer.label, element("button", { type: "submit", class: "main" }, "Check"), says);
  const note = element("p", { class: "note" }, `Answers are checked here for the student numbers 0 to ${students.length - 1}. Code is written and marked in a notebook.`);
  form.append(note);
  box.replaceChildren(form);
  ask();
});
