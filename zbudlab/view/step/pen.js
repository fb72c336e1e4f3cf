// A pen for SVG pictures of fixed width: text, boxes, lines and arrow heads in the tokens' colours.

class Pen {
  constructor(root, width) {
    this.ink = inks(root);
    this.width = width;
    this.svg = svg("svg", { class: "pic" });
  }

  text(x, y, words, { fill = "ink", size = 12, weight = 400, anchor = "start" } = {}) {
    const text = svg("text", { x, y, fill: this.ink[fill], "font-size": size, "font-weight": weight, "text-anchor": anchor });
    text.textContent = words;
    this.svg.append(text);
    return text;
  }

  box(x, y, width, height, fill, { stroke = null, wide = 1, dashes = null, radius = 4, opacity = null } = {}) {
    const colour = fill && this.ink[fill];
    this.svg.append(svg("rect", {
      x, y, width, height, fill: colour || "none", rx: radius, stroke: stroke && this.ink[stroke], "stroke-width": wide,
      "stroke-dasharray": dashes, opacity,
    }));
  }

  line(path, stroke, wide, dashes = null) {
    this.svg.append(svg("path", { d: path, fill: "none", stroke: this.ink[stroke], "stroke-width": wide, "stroke-linecap": "round", "stroke-dasharray": dashes }));
  }

  /** Draw the head of an arrow that ends at (x, y) in a direction (radians, 0 = right). */
  head(x, y, direction, fill) {
    const end = (turn) => `${x - 7 * Math.cos(direction + turn)} ${y - 7 * Math.sin(direction + turn)}`;
    this.svg.append(svg("path", { d: `M${x} ${y}L${end(-0.45)}L${end(0.45)}Z`, fill: this.ink[fill] }));
  }

  tag(x, y, words, more = "") {
    this.text(x, y, words, { size: 11, weight: 600, fill: "quiet" }).setAttribute("letter-spacing", ".04em");
    if (more) this.text(x + words.length * 8.3 + 10, y, more, { fill: "quiet" });
  }

  done(height, label) {
    this.svg.setAttribute("viewBox", `-2 0 ${this.width + 4} ${height}`);
    this.svg.setAttribute("role", "img");
    this.svg.setAttribute("aria-label", label);
    return this.svg;
  }
}
