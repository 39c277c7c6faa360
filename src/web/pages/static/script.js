// Makes the board instant: what its links and its form ask the server for is done here, on the rows that are there already.
// Everything works without this; src/web/pages/board/query.rs is the same on the other side.
"use strict";

(() => {
  const board = document.getElementById("board");
  if (!board) return;
  const body = board.tBodies[0];
  const rows = [...body.rows];
  const find = document.getElementById("q");
  const show = document.getElementById("show");
  const shown = document.getElementById("shown");
  const none = document.getElementById("none");
  const csv = document.getElementById("csv");
  const form = document.getElementById("filter");
  const tiles = [...document.querySelectorAll("#tiles a")];
  const heads = [...board.querySelectorAll("th a[data-sort]")];
  const numbers = new Set(["attention", "class", "deviation", "frequency", "drift"]);
  const given = new URLSearchParams(location.search);
  const state = {
    sort: heads.some((a) => a.dataset.sort === given.get("sort")) ? given.get("sort") : "attention",
    dir: given.get("dir"),
  };
  if (state.dir !== "asc" && state.dir !== "desc") state.dir = firstOf(state.sort);

  function firstOf(sort) {
    return heads.find((a) => a.dataset.sort === sort).dataset.first;
  }

  // By code points, as the server does; the browser's own order would depend on its language.
  function order(a, b) {
    const most = Math.min(a.length, b.length);
    for (let at = 0; at < most; at++) {
      const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
      // Surrogates stand for what comes after everything else.
      if (x !== y) return x - y + ((x & 0xf800) === 0xd800 ? 0x10000 : 0) - ((y & 0xf800) === 0xd800 ? 0x10000 : 0);
    }
    return a.length - b.length;
  }

  function compare(a, b) {
    const [x, y] = state.sort === "name" ? [a.dataset.key, b.dataset.key] : [a.dataset[state.sort], b.dataset[state.sort]];
    // What is not known stands last, whichever way.
    if (x === "" || y === "") return (x === "") - (y === "") || order(a.dataset.key, b.dataset.key);
    const way = state.dir === "desc" ? -1 : 1;
    const by = numbers.has(state.sort) ? Number(x) - Number(y) : order(x, y);
    return by * way || order(a.dataset.key, b.dataset.key);
  }

  function query() {
    const said = new URLSearchParams();
    if (show.value !== "all") said.set("show", show.value);
    if (find.value) said.set("q", find.value);
    if (state.sort !== "attention" || state.dir !== "desc") {
      said.set("sort", state.sort);
      said.set("dir", state.dir);
    }
    if (given.has("guide")) said.set("guide", given.get("guide"));
    const text = said.toString();
    return text ? "?" + text : "";
  }

  function sort() {
    body.append(...rows.sort(compare));
    for (const a of heads) {
      const th = a.parentElement;
      if (a.dataset.sort === state.sort) th.setAttribute("aria-sort", state.dir === "desc" ? "descending" : "ascending");
      else th.removeAttribute("aria-sort");
    }
  }

  function filter() {
    const text = find.value.trim().toLowerCase();
    let count = 0;
    for (const row of rows) {
      const of = show.value;
      const fits = of === "all" || (of === "drifting" ? row.dataset.alarms !== "0" : row.dataset.status === of);
      row.hidden = !(fits && row.dataset.key.includes(text));
      if (!row.hidden) count++;
    }
    none.hidden = count > 0;
    shown.textContent = count === rows.length ? `${count} shown` : `${count} of ${rows.length} shown`;
    for (const a of tiles) {
      if (a.dataset.show === show.value) a.setAttribute("aria-current", "true");
      else a.removeAttribute("aria-current");
    }
  }

  function note() {
    history.replaceState(null, "", location.pathname + query());
    csv.href = "/processes.csv" + query();
  }

  for (const a of heads) {
    a.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const again = state.sort === a.dataset.sort;
      state.dir = again ? (state.dir === "desc" ? "asc" : "desc") : a.dataset.first;
      state.sort = a.dataset.sort;
      sort();
      note();
    });
  }
  for (const a of tiles) {
    a.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      show.value = a.dataset.show;
      filter();
      note();
    });
  }
  find.addEventListener("input", () => { filter(); note(); });
  show.addEventListener("change", () => { filter(); note(); });
  form.addEventListener("submit", (event) => { event.preventDefault(); filter(); note(); });
  form.classList.add("instant");

  // As on most boards: a slash leads to the search.
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      find.focus();
    }
  });
  filter();
})();
