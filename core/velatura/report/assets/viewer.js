// A viewer for frames: two pictures under a wipe, zoom, frames to scrub, and a strength slider.
"use strict";

class Viewer {
  /**
   * @param {HTMLElement} root where it goes.
   * @param {(id: string) => void} wanted asks for a frame's pictures; `take` brings them.
   */
  constructor(root, wanted) {
    this.root = root;
    this.wanted = wanted;
    this.frames = [];
    this.pixels = new Map(); // id -> {plate, result, third}, ImageData of codes each
    this.at = 0;
    this.strength = 1;
    this.knots = [];
    this.wipe = 0.5;
    this.left = "plate";
    this.right = "result";
    this.zoom = 0; // 0 fits the window, else screen pixels for one of the picture
    this.centre = [0.5, 0.5];
    this.drawn = new Map();
    this.build();
    this.listen();
    new ResizeObserver(() => this.paint()).observe(this.stage);
  }

  build() {
    const side = (name) => `<label>${name} <select data-side="${name}" aria-label="picture on the ${name}">
      <option value="plate">plate</option><option value="result">result</option>
      <option value="third">paint</option></select></label>`;
    this.root.innerHTML = `
      <div class="stage"><canvas tabindex="0" role="img"></canvas></div>
      <p class="where" aria-live="polite"></p>
      <div class="controls">
        ${side("left")}${side("right")}
        <label class="long">wipe <input data-name="wipe" type="range" min="0" max="100" value="50"></label>
        <label class="long">strength <input data-name="strength" type="range" min="0" max="2"
          step="0.01" value="1" list="marks"><output>1.00</output></label>
        <datalist id="marks"><option value="0"></option><option value="1"></option></datalist>
        <label>zoom <select data-name="zoom"><option value="0">fit</option>
          <option value="1">full pixels</option><option value="2">2 : 1</option>
          <option value="4">4 : 1</option><option value="8">8 : 1</option></select></label>
      </div>
      <label class="scrub">frame <input data-name="frame" type="range" min="0" max="0" value="0"></label>
      <div class="frames" role="group" aria-label="frames"></div>`;
    this.stage = this.root.querySelector(".stage");
    this.canvas = this.root.querySelector("canvas");
    this.where = this.root.querySelector(".where");
    this.list = this.root.querySelector(".frames");
    this.find = (name) => this.root.querySelector(`[data-name=${name}]`);
    for (const select of this.root.querySelectorAll("[data-side]")) {
      select.value = this[select.dataset.side];
    }
  }

  listen() {
    for (const select of this.root.querySelectorAll("[data-side]")) {
      select.onchange = () => { this[select.dataset.side] = select.value; this.paint(); };
    }
    this.find("wipe").oninput = (event) => { this.wipe = event.target.value / 100; this.paint(); };
    this.find("strength").oninput = (event) => this.turn(Number(event.target.value));
    this.find("zoom").onchange = (event) => { this.zoom = Number(event.target.value); this.paint(); };
    this.find("frame").oninput = (event) => this.go(Number(event.target.value));
    this.canvas.onkeydown = (event) => this.key(event);
    let from = null;
    this.canvas.onpointerdown = (event) => {
      from = [event.clientX, event.clientY, ...this.centre];
      this.canvas.setPointerCapture(event.pointerId);
    };
    this.canvas.onpointermove = (event) => from && this.drag(event, from);
    this.canvas.onpointerup = () => { from = null; };
    this.canvas.ondblclick = () => this.magnify(this.zoom ? 0 : 1);
  }

  /** Without zoom a drag moves the wipe, with it the picture; with Shift it is the other way. */
  drag(event, [x, y, u, v]) {
    const box = this.canvas.getBoundingClientRect(), seen = this.seen();
    if (!seen) return;
    if (Boolean(this.zoom) === event.shiftKey) {
      const [left, , width] = this.place(seen);
      const at = (event.clientX - box.left) * devicePixelRatio - left;
      this.wipe = Math.min(1, Math.max(0, at / width));
      this.find("wipe").value = 100 * this.wipe;
    } else {
      const size = this.zoom / devicePixelRatio;
      this.centre = [u - (event.clientX - x) / (seen.width * size),
        v - (event.clientY - y) / (seen.height * size)].map((p) => Math.min(1, Math.max(0, p)));
    }
    this.paint();
  }

  key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -1e9, End: 1e9 }[event.key];
    const zoom = { 0: 0, 1: 1, 2: 2, 4: 4, 8: 8 }[event.key];
    if (step !== undefined) this.go(this.at + step);
    else if (zoom !== undefined) this.magnify(zoom);
    else return;
    event.preventDefault();
  }

  magnify(zoom) {
    this.zoom = zoom;
    this.find("zoom").value = zoom;
    this.paint();
  }

  /** Take the list of frames: {id, name, kind, third, said, version}; what is seen stays seen. */
  show(frames) {
    const old = this.frames[this.at];
    const before = new Map(this.frames.map((frame) => [frame.id, frame.version]));
    this.frames = frames;
    for (const { id, version } of frames) if (before.get(id) !== version) this.drawn.delete(id);
    const same = old ? frames.findIndex((frame) => frame.id === old.id) : -1;
    this.at = same >= 0 ? same : Math.max(0, frames.findIndex((frame) => frame.first));
    this.find("frame").max = Math.max(0, frames.length - 1);
    const key = frames.map((frame) => frame.id + frame.kind).join();
    if (key !== this.listed) this.name(frames);
    this.listed = key;
    this.go(this.at);
    for (const { id, version } of frames) {
      if (before.has(id) && before.get(id) !== version && this.pixels.has(id)) this.wanted(id);
    }
  }

  name(frames) {
    this.list.replaceChildren(...frames.map((frame, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = frame.kind.replace(" ", "-");
      button.textContent = frame.name;
      button.title = `frame ${frame.name}, ${frame.kind}`;
      button.setAttribute("aria-label", button.title);
      button.onclick = () => this.go(place);
      return button;
    }));
  }

  /** Show the frame at a place of the list. */
  go(place) {
    if (!this.frames.length) return;
    this.at = Math.min(this.frames.length - 1, Math.max(0, place));
    const frame = this.frames[this.at];
    this.find("frame").value = this.at;
    this.find("frame").setAttribute("aria-valuetext", `frame ${frame.name}, ${frame.kind}`);
    [...this.list.children].forEach((button, at) => {
      button.setAttribute("aria-pressed", at === this.at);
    });
    for (const option of this.root.querySelectorAll('option[value="third"]')) {
      option.textContent = frame.third || "no paint";
      option.disabled = !frame.third;
    }
    if (!this.pixels.has(frame.id)) this.wanted(frame.id);
    this.paint();
  }

  /** Take the pictures of a frame: names -> data URLs. */
  async take(id, pictures) {
    const made = {};
    await Promise.all(Object.entries(pictures).map(async ([name, url]) => {
      const image = new Image();
      image.src = url;
      await image.decode();
      const sheet = new OffscreenCanvas(image.width, image.height).getContext("2d");
      sheet.drawImage(image, 0, 0);
      made[name] = sheet.getImageData(0, 0, image.width, image.height);
    }));
    this.pixels.delete(id);
    this.pixels.set(id, made);
    this.drawn.delete(id);
    const oldest = [...this.pixels.keys()].filter((key) => key !== this.frames[this.at]?.id);
    while (this.pixels.size > Viewer.HELD && oldest.length) {
      const gone = oldest.shift();
      this.pixels.delete(gone);
      this.drawn.delete(gone);
    }
    if (this.frames[this.at]?.id === id) this.paint();
  }

  /** Show the result at another strength. */
  turn(strength) {
    this.strength = strength;
    this.find("strength").value = strength;
    this.root.querySelector("output").value = strength.toFixed(2);
    this.levels = null;
    for (const made of this.drawn.values()) made.delete("result");
    this.paint();
  }

  /** The codes of the frame that is shown; undefined while they are on their way. */
  seen() {
    return this.pixels.get(this.frames[this.at]?.id)?.plate;
  }

  /** The displayed pixels of one of the pictures, or null. */
  displayed(name) {
    const id = this.frames[this.at].id, codes = this.pixels.get(id);
    if (!codes?.plate || (name === "third" && !codes.third)) return null;
    if (!this.drawn.has(id)) this.drawn.set(id, new Map());
    const made = this.drawn.get(id);
    if (!made.has(name)) {
      this.levels ??= Gain.table(this.strength, this.knots);
      this.plain ??= Gain.table(0);
      const pixels = name === "result"
        ? Gain.mixed(codes.plate.data, (codes.result || codes.plate).data, this.levels)
        : Gain.mixed(codes[name].data, codes[name].data, this.plain);
      const { width, height } = codes[name] || codes.plate;
      const sheet = new OffscreenCanvas(width, height);
      sheet.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
      made.set(name, sheet);
    }
    return made.get(name);
  }

  /** Where the picture lies on the canvas: left, top, width, height, in its pixels. */
  place({ width, height }) {
    const { width: w, height: h } = this.canvas;
    const size = this.zoom || Math.min(w / width, h / height);
    const [wide, tall] = [width * size, height * size];
    if (!this.zoom) return [(w - wide) / 2, (h - tall) / 2, wide, tall];
    const [u, v] = this.centre;
    return [Math.round(w / 2 - u * wide), Math.round(h / 2 - v * tall), wide, tall];
  }

  paint() {
    const frame = this.frames[this.at];
    if (!frame) return;
    const seen = this.seen();
    const wide = this.stage.clientWidth;
    const tall = Math.min(0.72 * innerHeight, seen ? (wide * seen.height) / seen.width : wide / 2);
    this.canvas.width = Math.round(wide * devicePixelRatio);
    this.canvas.height = Math.round(tall * devicePixelRatio);
    this.canvas.style.height = `${tall}px`;
    const known = (side) => (this[side] === "third" && !frame.third ? "result" : this[side]);
    const [left, right] = [known("left"), known("right")];
    const called = (name) => (name === "third" ? frame.third : name === "result"
      ? `result at strength ${this.strength.toFixed(2)}` : name);
    this.where.textContent = `frame ${frame.name}, ${frame.kind}: ${frame.said}`;
    this.canvas.setAttribute("aria-label",
      `frame ${frame.name}, ${frame.kind}; left ${called(left)}, right ${called(right)}`);
    const pen = this.canvas.getContext("2d");
    pen.imageSmoothingEnabled = !this.zoom;
    pen.imageSmoothingQuality = "high";
    if (!seen) return;
    const [x, y, width, height] = this.place(seen);
    const edge = x + this.wipe * width;
    for (const [name, from, to] of [[left, 0, edge], [right, edge, this.canvas.width]]) {
      const sheet = this.displayed(name);
      if (!sheet || to <= from) continue;
      pen.save();
      pen.beginPath();
      pen.rect(from, 0, to - from, this.canvas.height);
      pen.clip();
      pen.drawImage(sheet, x, y, width, height);
      pen.restore();
    }
    pen.fillStyle = "#fff";
    pen.fillRect(Math.round(edge), y, 1, height);
    this.caption(pen, called(left), called(right), edge);
  }

  /** Write on the picture which one is which. */
  caption(pen, left, right, edge) {
    const size = 13 * devicePixelRatio, pad = 6 * devicePixelRatio;
    pen.font = `${size}px system-ui, sans-serif`;
    for (const [text, align, x] of [[left, "right", edge - pad], [right, "left", edge + pad]]) {
      const wide = pen.measureText(text).width;
      pen.fillStyle = "#000a";
      pen.fillRect(align === "right" ? x - wide - pad / 2 : x - pad / 2, pad, wide + pad, size * 1.5);
      pen.textAlign = align;
      pen.fillStyle = "#fff";
      pen.fillText(text, x, pad + 1.1 * size);
    }
  }
}

Viewer.HELD = 12; // frames whose pixels are kept: 25 MB each at 1080p
