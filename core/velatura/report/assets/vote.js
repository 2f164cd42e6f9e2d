// A page on which people choose between two results: left and right at random, answers in a file.
"use strict";

const shuffled = (all) => {  // every order as likely as any other (Fisher & Yates 1938)
  const pairs = [...all];
  for (let last = pairs.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [pairs[last], pairs[other]] = [pairs[other], pairs[last]];
  }
  return pairs;
};

const vote = (data) => {
  const one = (what) => document.querySelector(what);
  const pairs = shuffled(data.pairs);
  const answers = [];
  let at = 0, left = "a", since = performance.now();

  const finish = () => {
    const count = (what) => answers.filter(({ chose }) => chose === what).length;
    const told = { a: data.a, b: data.b, chose: { a: count("a"), b: count("b"), neither: count("neither") },
      answers };
    one(".vote").hidden = true;
    one(".done").hidden = false;
    const link = one(".done a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(told, null, 2)], { type: "application/json" }));
    link.focus();
    window.answers = told;
  };

  const show = () => {
    if (at === pairs.length) { finish(); return; }
    left = Math.random() < 0.5 ? "a" : "b";
    const right = left === "a" ? "b" : "a";
    const [first, second] = document.querySelectorAll(".vote img");
    first.src = pairs[at][left];
    second.src = pairs[at][right];
    one(".vote p").textContent = `Pair ${at + 1} of ${pairs.length}: which is the better picture?`;
    since = performance.now();
  };

  const choose = (side) => {
    if (at >= pairs.length) return;
    const right = left === "a" ? "b" : "a";
    const chose = side === "left" ? left : side === "right" ? right : "neither";
    const seconds = Math.round(performance.now() - since) / 1000;
    answers.push({ frame: pairs[at].frame, left, chose, seconds });
    at += 1;
    show();
  };

  for (const button of document.querySelectorAll(".vote button")) {
    button.onclick = () => choose(button.value);
  }
  addEventListener("keydown", (event) => {
    const side = { ArrowLeft: "left", ArrowRight: "right", ArrowDown: "neither" }[event.key];
    if (side) { event.preventDefault(); choose(side); }
  });
  show();
};
