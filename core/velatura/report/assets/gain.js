// The gain law in a browser: a plate and a result in 8-bit codes, and what lies between and beyond.
// The twin of velatura.gain.law and of viewer.encode, whose numbers LAW has; tests hold them together.
"use strict";

const Gain = (() => {
  const { white: WHITE, step: STEP } = LAW; // code of light 1, and codes of a stop above it
  const FLOOR = LAW.floor; // the law's k, scene-linear
  const LEAST = 2 ** -12; // light that counts as black where a ratio is taken

  const fromDisplay = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const toDisplay = (x) => (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055);

  /** Light, scene-linear, of a code 0..255. */
  const light = (code) =>
    code <= WHITE ? fromDisplay(code / WHITE) : 2 ** ((code - WHITE) / STEP);

  /** 8-bit sRGB of scene-linear light; what is above white clips. */
  const shown = (x) => Math.round(255 * toDisplay(Math.min(1, Math.max(0, x))));

  /** The gain, in stops, that makes light y of light x. */
  const stops = (x, y) =>
    y > x ? Math.log2(1 + (y - x) / (x + FLOOR))
      : Math.log2(Math.max(y, LEAST) / Math.max(x, LEAST));

  /** Light x under a gain of r stops at g times its strength. */
  const apply = (x, r, g) => x + (x + (r > 0 ? FLOOR : 0)) * (2 ** (g * r) - 1);

  /** The law's g of a slider: even to the eye up to 1 by the look's calibration, stops beyond. */
  const even = (knots, slider) => {
    if (slider >= 1 || knots.length < 2) return slider;
    const at = slider * (knots.length - 1), low = Math.floor(at);
    return knots[low] + (at - low) * (knots[low + 1] - knots[low]);
  };

  /** 65536 displayed levels, by 256 * (code of the plate) + (code of the result). */
  const table = (slider, knots = []) => {
    const g = even(knots, slider), lights = Float64Array.from({ length: 256 }, (_, c) => light(c));
    const levels = new Uint8ClampedArray(65536);
    for (let p = 0; p < 256; p += 1) {
      for (let q = 0; q < 256; q += 1) {
        const x = lights[p], y = lights[q];
        const made = g === 0 ? x : g === 1 ? y : apply(x, stops(x, y), g);
        levels[256 * p + q] = shown(made);
      }
    }
    return levels;
  };

  /** RGBA pixels as they are shown, of the codes of a plate and of a result. */
  const mixed = (plate, result, levels) => {
    const out = new Uint8ClampedArray(plate.length);
    for (let at = 0; at < plate.length; at += 4) {
      for (let c = at; c < at + 3; c += 1) out[c] = levels[256 * plate[c] + result[c]];
      out[at + 3] = 255;
    }
    return out;
  };

  return { light, shown, stops, apply, even, table, mixed };
})();
