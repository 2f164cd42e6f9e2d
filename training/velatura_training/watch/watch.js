// The page beside a run. It asks for watch/state.js and watch/frame_*.js again and again: scripts may
// be read from a file's folder where nothing else may, so neither a server nor the network is needed.
"use strict";

const velatura = (() => {
  const EVERY = 1000; // ms from look to look
  const NEARLY = 0.99; // of the time, so much is done at most before it is over
  const QUIET = 30; // s without news, from which on they are called old
  const KEPT = "velatura:" + location.pathname;
  let now = null, asked = 0, loaded = new Map();

  const one = (what) => document.querySelector(what);

  /** Run a script of the run's folder; `done` is called with whether it was there. */
  const load = (path, done = () => {}) => {
    const script = document.createElement("script");
    script.src = `watch/${path}`;
    script.onload = () => { script.remove(); done(true); };
    script.onerror = () => { script.remove(); done(false); };
    document.head.append(script);
  };

  const fetchFrame = (id) => {
    const frame = now?.frames.find((each) => each.id === id);
    if (!frame || loaded.get(id) === frame.version || !frame.version) return;
    loaded.set(id, frame.version);
    load(`frame_${id}.js?${frame.version}`, (there) => there || loaded.delete(id));
  };

  let viewer = null;
  const seeing = () => {
    if (viewer) return viewer;
    viewer = new Viewer(one(".viewer"), fetchFrame);
    try { Object.assign(viewer, JSON.parse(sessionStorage.getItem(KEPT) || "{}")); } catch { /* new */ }
    for (const name of ["left", "right"]) one(`[data-side=${name}]`).value = viewer[name];
    one("[data-name=wipe]").value = 100 * viewer.wipe;
    one("[data-name=zoom]").value = viewer.zoom;
    viewer.turn(viewer.strength);
    return viewer;
  };
  addEventListener("pagehide", () => {
    if (!viewer) return;
    const { left, right, wipe, zoom, centre, strength } = viewer;
    try { sessionStorage.setItem(KEPT, JSON.stringify({ left, right, wipe, zoom, centre, strength })); }
    catch { /* a browser that keeps nothing */ }
  });

  const clocked = (seconds) =>
    `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

  const tick = () => {
    if (!now) return;
    const time = Date.now() / 1000, age = time - now.written;
    const left = now.ends === null ? null : now.ends - time;
    const parts = [now.steps ? `step ${now.steps}` : "",
      now.score === null ? "" : `score ${now.score.toPrecision(3)}`];
    if (!now.over) {
      if (left !== null) parts.push(left > 0 ? `${clocked(left)} left`
        : `${clocked(-left)} longer than expected`);
      if (now.total) one("progress").value = Math.min(NEARLY, 1 - left / now.total);
      else one("progress").value = now.part;
      if (age > QUIET) parts.push(`no news for ${clocked(age)}: stopped?`);
    } else one("progress").value = 1;
    one(".clock").classList.toggle("old", !now.over && age > QUIET);
    one(".clock").textContent = parts.filter(Boolean).join(", ");
  };

  /** Called by watch/state.js: how things are. */
  const state = (news) => {
    if (now && news.serial === now.serial) return;
    const before = now;
    now = news;
    one(".doing").textContent = news.doing;
    document.title = `${news.over ? "done" : news.doing}: ${news.name}`;
    if (news.frames.length) {
      seeing().show(news.frames);
      const seen = viewer.frames[viewer.at];
      if (seen) fetchFrame(seen.id);
    }
    const by = news.total ? 1 : 0, across = by ? "minutes" : "steps";
    const way = ([steps, seconds]) => (by ? seconds / 60 : steps);
    const lines = {};
    for (const point of news.points) {
      for (const [name, value] of Object.entries(point[2])) {
        (lines[name] ??= []).push([way(point), value]);
      }
    }
    const events = news.events.map((event) => [way(event), event[2]]);
    if (JSON.stringify([news.points, news.scores]) !== JSON.stringify([before?.points, before?.scores])) {
      Plot.draw(one(".score"), { title: "score, 0 is best", across, events, log: true,
        lines: { score: news.scores.map((point) => [way(point), point[2]]) } });
      Plot.draw(one(".losses"), { title: "losses, smoothed", across, events, log: true, lines });
    }
    suggest(news.next, before?.next);
    one(".facts").replaceChildren(...news.facts.map((text) => {
      const line = document.createElement("p");
      const [said, code] = text.split("`");
      line.append(said);
      if (code) line.append(Object.assign(document.createElement("code"), { textContent: code }));
      return line;
    }));
    tick();
  };

  /** Show which frame to paint next. */
  const suggest = (next, before) => {
    const place = one(".next");
    place.hidden = !next;
    if (!next || next.version === before?.version) return;
    const words = document.createElement("p"), image = new Image();
    words.textContent = next.words;
    image.src = `watch/next.png?${next.version}`;
    image.alt = `bars of all frames, and frame ${next.frame} with what is unsure in it: orange to yellow`;
    place.replaceChildren(words, image);
  };

  const look = () => load(`state.js?${asked += 1}`, () => {
    if (!now?.over) setTimeout(look, EVERY);
    else setTimeout(look, 5 * EVERY); // it may be gone on with
  });
  look();
  setInterval(tick, 250);

  return { state, frame: (id, pictures) => seeing().take(id, pictures), viewer: () => viewer };
})();
