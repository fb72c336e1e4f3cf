"""Random programs of calls: objects made well, then calls with valid and hostile arguments.

A program is a list of steps, each of which is a line of Python. It follows from (seed, number)
alone.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from tests import hostile
from tests.fuzz import commands, valid
from tests.fuzz.surface import READER, targets

GROUPS = {
    "log": valid.LOGS,
    "trace": valid.TRACES,
    "golden": ("buddy", "compact", "radix", "zbud-plain", "zbud-series", "zswap-6.1"),
}
HOSTILE = 0.5  #: share of steps with a hostile argument
#: How often a target is called, by the class or the kind that it is of, else 1.
WEIGHTS = {"Machine": 12, "History": 3, "command": 20, READER: 5}


@dataclass(frozen=True)
class Step:
    """A call. target: its name; assign: what gets the result; call: source text before the
    arguments; arguments: (keyword, text); hostile: names of the parameters that got odd values."""

    target: str
    call: str
    arguments: tuple[tuple[str, str], ...] = ()
    hostile: tuple[str, ...] = ()
    assign: str = ""
    instead: tuple[tuple[str, str], ...] = field(default=(), compare=False)  # valid texts for these
    free: tuple[str, ...] = field(default=(), compare=False)  # may be left out

    def __str__(self):
        given = ", ".join(f"{name}={text}" if name else text for name, text in self.arguments)
        call = f"{self.call}({given})" if not self.call.endswith("]") else self.call
        return f"{self.assign} = {call}" if self.assign else call

    def mended(self):
        """Return the same call with valid values for the hostile ones."""
        good = dict(self.instead)
        pairs = [(name, good.get(name, text)) for name, text in self.arguments]
        return replace(self, arguments=tuple(pair for pair in pairs if pair[1]), hostile=())

    def smaller(self):
        """Yield the same call with an argument fewer."""
        for name, _ in self.arguments:
            if name in self.free:
                kept = tuple(pair for pair in self.arguments if pair[0] != name)
                yield replace(self, arguments=kept)


class Writer:
    """Writes programs for a seed."""

    def __init__(self, seed, number):
        self.rng = np.random.default_rng([seed, number])

    def one_of(self, texts):
        """Return a random one of some texts, its placeholders filled in."""
        text = str(texts[int(self.rng.integers(len(texts)))])
        if not text.count("{") or "'" in text.partition("{")[2].partition("}")[0]:
            return text
        for name in (*GROUPS, "golden_kind", *FILES):
            while "{" + name + "}" in text:
                text = text.replace("{" + name + "}", self.file(name), 1)
        return text

    def file(self, name):
        """Return the text of a sample of a kind, half of the time mutated."""
        if name == "golden_kind":
            return repr(str(self.rng.choice(GROUPS["golden"])))
        kind = str(self.rng.choice(GROUPS.get(name, (name,))))
        if self.rng.random() < 0.4:
            return f"sample({kind!r})"
        return f"mutated({kind!r}, {int(self.rng.integers(1 << 20))})"

    # --- steps ---------------------------------------------------------------------------------

    def argument(self, target, name, parameter):
        """Return a valid text for a parameter, "" to leave it out; None if none is known."""
        for key in (f"{target.name}.{name}", f"{target.call}.{name}", name):
            if key in valid.ARGUMENTS:
                return self.one_of(valid.ARGUMENTS[key])
        if parameter.default is not parameter.empty:
            return ""
        for kind, texts in valid.BY_TYPE:
            if kind in str(parameter.annotation):
                return self.one_of(texts)
        return None

    def step(self, target, receiver="", odd=HOSTILE):
        """Return a call of a target. odd: the chance of a hostile argument."""
        if "" in target.parameters:  # a property
            return Step(target.name, f"[{receiver}.{target.call}][0]", assign="_")
        names = list(target.parameters)
        wrong = set()
        if names and self.rng.random() < odd:
            wrong = {str(name) for name in self.rng.choice(names, 1 + (self.rng.random() < 0.1))}
        starred = any(p.kind is p.VAR_POSITIONAL for p in target.parameters.values())
        arguments, odd_ones, instead = [], [], []
        for name, parameter in target.parameters.items():
            text = self.argument(target, name, parameter)
            if name in wrong or text is None:
                instead.append((name, text or ""))
                text = self.one_of(hostile.ALL)
                odd_ones.append(name)
            elif parameter.default is not parameter.empty and self.rng.random() < 0.5:
                continue
            if text:
                positional = parameter.kind is parameter.VAR_POSITIONAL or (
                    starred and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
                )
                arguments.append(("" if positional else name, text))
        arguments += self.settings(target, odd_ones)
        call = f"{receiver}.{target.call}" if receiver else target.call
        free = [n for n, p in target.parameters.items() if p.default is not p.empty]
        free += [name for name, _ in arguments if name not in target.parameters]
        odd_pair = tuple(odd_ones), "", tuple(instead)
        return Step(target.name, call, tuple(arguments), *odd_pair, tuple(free))

    def settings(self, target, odd_ones):
        """Return settings of a machine for what takes them, one of them hostile at times."""
        if target.name not in ("Machine", "Panel", "compare_panels", "replay"):
            return []
        found = {}
        for name, texts in valid.CONFIGS.items():
            if self.rng.random() < 0.15 and name not in target.parameters:
                found[name] = self.one_of(texts)
        if found and self.rng.random() < HOSTILE / 2:
            name = str(self.rng.choice(sorted(found)))
            found[name] = self.one_of(hostile.ALL)
            odd_ones.append(name)
        if target.name != "replay" and "frames" not in found:
            found["frames"] = "1024"
        return list(found.items())

    def machine(self):
        """Return the steps that make a small machine with pages in use."""
        settings = [("frames", self.one_of(valid.CONFIGS["frames"])), ("threads", "1")]
        for name, texts in valid.CONFIGS.items():
            if name not in ("frames", "threads") and self.rng.random() < 0.2:
                settings.append((name, self.one_of(texts)))
        free = tuple(name for name, _ in settings)
        steps = [Step("Machine", "Machine", tuple(settings), (), "machine", (), free)]
        for _ in range(int(self.rng.integers(1, 4))):
            pages = str(self.rng.choice([20, 300, 1500]))
            steps.append(
                Step("Machine.create_process", "machine.create_process", (("pages", pages),))
            )
        process = (("process", "0"), ("pages", "range(20)"), ("write", "True"))
        return [*steps, Step("Machine.touch", "machine.touch", process, (), "", (), ("write",))]

    # --- programs ------------------------------------------------------------------------------

    def program(self):
        """Return a program: about one thing, or about a machine."""
        target = _drawn(self.rng)
        if target == "command":
            return [Step(*commands.written(self))]
        if target.owner in ("Machine", "") and target.name.startswith("Machine."):
            around = [each for each in TARGETS if each.owner == "Machine" and each != target]
            picked = self.rng.choice(len(around), int(self.rng.integers(2, 9)))
            steps = [self.step(around[int(i)], "machine", 0.3) for i in picked]
            return [*self.machine(), *steps, self.step(target, "machine" if target.owner else "")]
        if target.owner == READER:  # no user can give it anything but a file
            return [self.step(target, odd=0)]
        if not target.owner:
            return self.after_machine([self.step(target)])
        made = self.object(target.owner)
        around = [each for each in TARGETS if each.owner == target.owner]
        picked = self.rng.choice(len(around), int(self.rng.integers(0, 4)))
        steps = [self.step(around[int(i)], "it", 0.2) for i in picked]
        return self.after_machine([*made, *steps, self.step(target, "it")])

    def after_machine(self, steps):
        """Return steps, after those that make a machine if they use one."""
        needed = any("machine" in str(step) for step in steps)
        return [*self.machine(), *steps] if needed else steps

    def object(self, owner):
        """Return the steps that make an object of a class, called `it`."""
        if owner in valid.OBJECTS:
            text = self.one_of(valid.OBJECTS[owner])
            step = Step(owner, f"[{text}][0]", assign="it")
        else:
            kind = next(target for target in TARGETS if target.name == owner)
            step = replace(self.step(kind, odd=0), assign="it")
        return [step]


TARGETS = targets()
FILES = ("host", "report", "table", "sweepfile", "workload", "notebook", "roster", "lengths")
FILES += ("parts", "handed_in")


def _drawn(rng):
    """Return a random target, or "command"."""
    weights = [WEIGHTS.get(each.owner, 1) for each in TARGETS] + [WEIGHTS["command"]]
    chosen = int(rng.choice(len(weights), p=np.array(weights) / sum(weights)))
    return TARGETS[chosen] if chosen < len(TARGETS) else "command"


def program(seed, number):
    """Return the steps of a program."""
    return Writer(seed, number).program()
