"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  // Light or dark against what the system prefers.
  const theme = document.getElementById("theme");
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const isDark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
  });

  // Tables: a click on a head sorts by its column, numbers by value, absent ones last.
  const keyOf = (cell) => (cell.dataset.v === undefined ? null : Number(cell.dataset.v));
  const sortBy = (table, column, isDown) => {
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => {
      const cell = row.cells[column];
      return { row, key: keyOf(cell), text: cell.textContent };
    });
    const isNumeric = rows.some((r) => r.key !== null);
    const sign = isDown ? -1 : 1;
    rows.sort((a, b) => {
      if (!isNumeric) return sign * a.text.localeCompare(b.text, root.lang, { numeric: true });
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null);
      return sign * (a.key - b.key);
    });
    body.append(...rows.map((r) => r.row));
  };
  for (const table of document.querySelectorAll("table")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const isDown = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
        sortBy(table, column, isDown);
      });
    });
  }

  // Every word must be somewhere in the row.
  for (const input of document.querySelectorAll(".filter input")) {
    const rows = [...input.closest(".filter").nextElementSibling.querySelectorAll("tbody tr")];
    const shown = input.parentElement.querySelector("output");
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let n = 0;
      for (const row of rows) {
        const text = [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        n += row.hidden ? 0 : 1;
      }
      shown.textContent = words.length ? n + " / " + rows.length : "";
    });
  }

  // A command goes to the clipboard; where a page may not, it is selected.
  for (const button of document.querySelectorAll(".command button")) {
    const code = button.parentElement.querySelector("code");
    const name = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        getSelection().selectAllChildren(code);
        if (!document.execCommand("copy")) return;
      }
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = name; }, 2000);
    });
  }

  // Charts: what a mark says, beside it and inside the window.
  const tip = document.getElementById("tip");
  const hide = () => { tip.hidden = true; };
  const show = (mark) => {
    tip.textContent = mark.dataset.tip;
    tip.hidden = false;
    const at = mark.getBoundingClientRect();
    const own = tip.getBoundingClientRect();
    const left = at.left + at.width / 2 - own.width / 2;
    const above = at.top - own.height - 8;
    tip.style.left = Math.max(8, Math.min(left, innerWidth - own.width - 8)) + "px";
    tip.style.top = (above > 8 ? above : at.bottom + 8) + "px";
  };
  for (const svg of document.querySelectorAll("figure svg")) {
    const marks = [...svg.querySelectorAll(".mark")];
    for (const mark of marks) {
      const title = mark.querySelector("title");
      mark.dataset.tip = title.textContent;
      title.remove();
    }
    const markOf = (event) => event.target.closest(".mark");
    svg.addEventListener("pointerover", (event) => { if (markOf(event)) show(markOf(event)); });
    svg.addEventListener("pointerout", hide);
    // After scrolling the pointer may be over a mark that it never entered.
    svg.addEventListener("pointermove", (event) => { if (tip.hidden && markOf(event)) show(markOf(event)); });
    svg.addEventListener("focusin", (event) => { if (markOf(event)) show(markOf(event)); });
    svg.addEventListener("focusout", hide);
    svg.addEventListener("keydown", (event) => {
      const now = marks.indexOf(markOf(event));
      const to = { ArrowRight: now + 1, ArrowDown: now + 1, ArrowLeft: now - 1, ArrowUp: now - 1, Home: 0, End: marks.length - 1 }[event.key];
      if (now < 0 || to === undefined || !marks[to]) return;
      event.preventDefault();
      marks[now].tabIndex = -1;
      marks[to].tabIndex = 0;
      marks[to].focus();
    });
  }
  addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  addEventListener("scroll", hide, { passive: true, capture: true });
})();
