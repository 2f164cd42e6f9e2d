// Plots as SVG: lines over frames, steps or minutes, with their numbers as a table for who reads.
"use strict";

const Plot = (() => {
  const WIDE = 640, TALL = 200, LEFT = 56, RIGHT = 8, TOP = 10, BOTTOM = 26;
  const COLOURS = ["#e69f00", "#56b4e9", "#3fc79a", "#cc79a7", "#f0e442", "#ff7f50", "#b0a0ff"];
  // After Okabe & Ito 2008: apart for the colour-blind too.

  const made = (name, attributes, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const short = (value, digits = 3) => Number(value.toPrecision(digits)).toString();
  /** Numbers in as few digits as tell them apart. */
  const apart = (values, digits = 3) => {
    const said = values.map((value) => short(value, digits));
    return new Set(said).size === said.length || digits > 7 ? said : apart(values, digits + 1);
  };

  /**
   * Draw lines.
   * @param {HTMLElement} root where they go; what was there is replaced.
   * @param {{title: string, across: string, lines: Object<string, [number, number][]>,
   *   events?: [number, string][], log?: boolean}} plot what to draw.
   */
  const draw = (root, { title, across, lines, events = [], log = false }) => {
    const points = Object.values(lines).flat().filter(([, y]) => Number.isFinite(y));
    root.replaceChildren();
    if (!points.length) return;
    const logged = log && points.every(([, y]) => y > 0);
    const lift = (y) => (logged ? Math.log10(y) : y);
    const span = (values) => {
      const low = Math.min(...values), high = Math.max(...values);
      return [low, high > low ? high - low : Math.abs(high) || 1];
    };
    const [x0, dx] = span(points.map(([x]) => x));
    const [y0, dy] = span([...points.map(([, y]) => lift(y)), ...(logged ? [] : [0])]);
    const x = (value) => LEFT + ((value - x0) / dx) * (WIDE - LEFT - RIGHT);
    const y = (value) => TALL - BOTTOM - ((lift(value) - y0) / dy) * (TALL - TOP - BOTTOM);
    const names = Object.keys(lines).filter((name) => lines[name].length);
    const last = names.map((name) => `${name} ${short(lines[name].at(-1)[1])}`).join(", ");
    const svg = made("svg", { viewBox: `0 0 ${WIDE} ${TALL}`, role: "img",
      "aria-label": `${title}, over ${across}: last ${last}` });
    const parts = [0, 0.5, 1];
    const heights = parts.map((part) => (logged ? 10 ** (y0 + part * dy) : y0 + part * dy));
    const marks = apart(heights);
    for (const [place, part] of parts.entries()) {
      const at = y(heights[place]);
      svg.append(made("line", { x1: LEFT, x2: WIDE - RIGHT, y1: at, y2: at, class: "grid" }));
      svg.append(made("text", { x: LEFT - 6, y: at + 4, "text-anchor": "end" }, marks[place]));
      svg.append(made("text", { x: LEFT + part * (WIDE - LEFT - RIGHT), y: TALL - 8,
        "text-anchor": ["start", "middle", "end"][2 * part] }, short(x0 + part * dx)));
    }
    for (const [when, what] of events) {
      svg.append(made("line", { x1: x(when), x2: x(when), y1: TOP, y2: TALL - BOTTOM, class: "event" }));
      svg.append(made("text", { x: x(when) + 3, y: TOP + 10 }, what));
    }
    names.forEach((name, at) => {
      const line = lines[name].filter(([, value]) => Number.isFinite(value));
      svg.append(made("polyline", { points: line.map(([a, b]) => `${x(a)},${y(b)}`).join(" "),
        fill: "none", stroke: COLOURS[at % COLOURS.length], "stroke-width": 1.8 }));
      if (line.length < 40) line.forEach(([a, b]) => svg.append(
        made("circle", { cx: x(a), cy: y(b), r: 2.2, fill: COLOURS[at % COLOURS.length] })));
    });
    const figure = document.createElement("figure"), caption = document.createElement("figcaption");
    caption.append(`${title}, over ${across}. `);
    names.forEach((name, at) => {
      const key = document.createElement("span");
      key.className = "key";
      key.style.setProperty("--tint", COLOURS[at % COLOURS.length]);
      key.textContent = `${name} ${short(lines[name].at(-1)[1])}`;
      caption.append(key);
    });
    figure.append(svg, caption, numbers(across, names, lines));
    root.append(figure);
  };

  /** The numbers behind the lines, as a table that opens on demand. */
  const numbers = (across, names, lines) => {
    const details = document.createElement("details"), table = document.createElement("table");
    details.append(Object.assign(document.createElement("summary"), { textContent: "numbers" }), table);
    const row = (kind, cells) => {
      const line = table.insertRow();
      for (const text of cells) {
        line.append(Object.assign(document.createElement(kind), { textContent: text }));
      }
    };
    row("th", [across, ...names]);
    const places = [...new Set(names.flatMap((name) => lines[name].map(([at]) => at)))];
    const known = names.map((name) => new Map(lines[name]));
    for (const at of places.sort((a, b) => a - b)) {
      row("td", [short(at), ...known.map((line) => (line.has(at) ? short(line.get(at)) : ""))]);
    }
    return details;
  };

  return { draw };
})();
