// A page that is sent: all its frames are in it, in the order of the shot.
"use strict";

const report = (data) => {
  const place = (name) => document.querySelector(`.${name}`);
  if (data.frames.length) {
    const held = new Map(data.pictures);
    Viewer.HELD = data.frames.length;
    const viewer = new Viewer(place("compared"), (id) => viewer.take(id, held.get(id)));
    viewer.knots = data.knots;
    viewer.show(data.frames);
    window.viewer = viewer;
  }
  for (const { name, ...plot } of data.plots) Plot.draw(place(name), plot);
};
