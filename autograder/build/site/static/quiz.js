// Makes a form of each question. It tells whether an answer has the right form, and how to write it in the notebook.
// Whether it is right is not known here: no key is in the page.
"use strict";

(() => {
  const element = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  // Each reader gives {code} for an answer, {problem} for what is none, and {} while there is nothing.
  const readers = {
    one: (fields) => {
      const chosen = fields.find((field) => field.checked);
      return chosen ? { code: `"${chosen.value}"` } : {};
    },
    several: (fields) => {
      const letters = fields.filter((field) => field.checked).map((field) => field.value);
      return letters.length ? { code: `"${letters.join("")}"` } : {};
    },
    match: (fields) => {
      const open = fields.filter((field) => !field.value).map((field) => field.dataset.letter);
      if (open.length === fields.length) return {};
      if (open.length) return { problem: `There is no number for ${open.join(", ")} yet.` };
      return { code: `{${fields.map((field) => `"${field.dataset.letter}": ${field.value}`).join(", ")}}` };
    },
    number: ([field], question) => {
      const text = field.value.trim();
      if (!text) return {};
      return isCalculation(text, question) ? { code: text } : { problem: question.how };
    },
    shape: ([field], question) => {
      const text = field.value.trim();
      if (!text) return {};
      const inside = /^\((.*)\)$|^\[(.*)\]$/.exec(text);
      if (!inside) return { problem: question.how };
      const sizes = (inside[1] ?? inside[2]).split(",").map((size) => size.trim());
      if (sizes.at(-1) === "") sizes.pop();
      else if (sizes.length === 1) return { problem: question.how };
      return sizes.length && sizes.every((size) => isCalculation(size, question))
        ? { code: `(${sizes.join(", ")}${sizes.length === 1 ? "," : ""})` }
        : { problem: question.how };
    },
  };

  // Numbers, the question's own letters, and what one calculates with; brackets must close.
  function isCalculation(text, question) {
    const words = text.match(/[A-Za-z_]\w*(\.\w+)?/g) ?? [];
    const known = new Set([...(question.letters ?? "").split(" "), "min", "max", "abs", "round"]);
    if (!words.every((word) => known.has(word) || /^(e\d*|math\.\w+)$/.test(word))) return false;
    if (!/^[\w\s.,+\-*/%()]+$/.test(text) || !/[\dA-Za-z]/.test(text) || /\w\s+\w|[+\-*/%(.,]\s*$/.test(text)) return false;
    let depth = 0;
    for (const letter of text) {
      depth += (letter === "(") - (letter === ")");
      if (depth < 0) return false;
    }
    return depth === 0;
  }

  function build(box) {
    const question = box.dataset;
    const typed = question.kind === "number" || question.kind === "shape"; // whoever clicks needs no word about form
    const letters = question.letters ? ` Here you may also write ${question.letters.split(" ").join(", ")}.` : "";
    const start = typed ? question.how + letters : "";
    const says = element("p", { className: "quiz-says", role: "status", textContent: start });
    const items = [...box.querySelectorAll("li")].filter((item) => {
      const letter = /^([A-Z])\.$/.exec(item.querySelector("strong")?.textContent ?? "");
      return letter && (question.options ?? "").includes(letter[1]);
    });
    const fields = [];
    for (const item of items) {
      const letter = item.querySelector("strong").textContent[0];
      let field;
      if (question.kind === "match") {
        const numbers = question.numbers.split(" ").map((number) => element("option", { value: number, textContent: number }));
        field = element("select", {}, element("option", { value: "", textContent: "–" }), ...numbers);
        field.dataset.letter = letter;
      } else {
        const type = question.kind === "one" ? "radio" : "checkbox";
        field = element("input", { type, name: question.name, value: letter });
      }
      const label = element("label", {}, field, element("span", {}, ...item.childNodes));
      item.replaceChildren(label);
      item.parentElement.classList.add("quiz-options");
      fields.push(field);
    }
    if (!items.length) {
      const field = element("input", { type: "text", autocomplete: "off", spellcheck: false });
      box.append(element("label", { className: "quiz-text" }, "Your answer: ", field));
      fields.push(field);
    }
    const again = element("button", { type: "button", textContent: "Clear", hidden: true });
    const tell = () => {
      const { code, problem } = readers[question.kind](fields, question);
      says.classList.toggle("problem", Boolean(problem));
      says.replaceChildren(problem ?? (code ? "An answer of the right form. In the notebook: " : start));
      if (code) {
        says.append(element("code", { textContent: `${question.name} = ${code}` }));
        says.append(". Whether it is right, you learn there.");
      }
      again.hidden = !code && !problem;
    };
    again.addEventListener("click", () => {
      for (const field of fields) field.type === "radio" || field.type === "checkbox" ? (field.checked = false) : (field.value = "");
      tell();
      fields[0].focus();
    });
    for (const field of fields) field.addEventListener("input", tell);
    box.append(says, again);
  }

  document.querySelectorAll(".quiz").forEach(build);
})();
