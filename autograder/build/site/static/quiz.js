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
      const [value, ...more] = values(text, question.letters) ?? [];
      return Number.isFinite(value) && !more.length ? { code: text } : { problem: question.how };
    },
    shape: ([field], question) => {
      const text = field.value.trim();
      if (!text) return {};
      const inside = /^\((.*)\)$|^\[(.*)\]$/.exec(text); // with or without brackets, as the notebook's form takes it
      const bare = (inside?.[1] ?? inside?.[2] ?? text).trim();
      const sizes = values(bare.replace(/,$/, ""), question.letters);
      const one = !bare.includes(",");
      const real = /\d\.|\.\d|\de|(^|[^/])\/($|[^/])/i.test(bare); // 3.0 is no size
      if (!sizes || one || real || !sizes.every(Number.isInteger)) return { problem: question.how };
      return { code: `(${bare.replace(/,$/, "")}${sizes.length === 1 ? "," : ""})` };
    },
  };

  // The values of calculations with commas between them, as Python would work them out; null where it would not. The
  // question's own letters stand for some number.
  function values(text, letters = "") {
    const tokens = text.match(/\d+\.?\d*(?:e[+-]?\d+)?|\.\d+|[A-Za-z_]\w*(?:\.\w+)?|\*\*|\/\/|[-+*/%(),]|\S/gi) ?? [];
    const names = Object.fromEntries(letters.split(" ").map((letter) => [letter, 7]));
    let at = 0;
    const is = (...signs) => (signs.includes(tokens[at]) ? tokens[at++] : null);
    const fail = () => {
      throw new SyntaxError(text);
    };
    const chain = (next, act) => () => {
      let value = next();
      for (let sign; (sign = is(...Object.keys(act))); ) value = act[sign](value, next());
      return value;
    };
    const atom = () => {
      if (is("(")) {
        const value = sum();
        return is(")") ? value : fail();
      }
      const token = tokens[at++] ?? fail();
      if (/^0\d/.test(token)) fail(); // Python takes no 07
      if (/^[\d.]/.test(token)) return Number(token);
      if (Object.hasOwn(names, token)) return names[token];
      const known = /^(?:math\.(\w+)|min|max|abs|round)$/.exec(token) ?? fail();
      const what = Math[known[1] ?? token] ?? Math[known[1].toUpperCase()]; // math.pi is Math.PI
      if (typeof what !== "function") return typeof what === "number" ? what : fail();
      if (!is("(")) fail();
      const given = [sum()];
      while (is(",")) given.push(sum());
      return is(")") ? what(...given) : fail();
    };
    const power = () => {
      const value = atom();
      return is("**") ? value ** signed() : value;
    };
    const signed = () => (is("-") ? -signed() : is("+") ? signed() : power());
    const times = { "*": (a, b) => a * b, "/": (a, b) => a / b, "//": (a, b) => Math.floor(a / b), "%": (a, b) => a % b };
    const sum = chain(chain(signed, times), { "+": (a, b) => a + b, "-": (a, b) => a - b });
    try {
      const found = [sum()];
      while (is(",")) found.push(sum());
      return at === tokens.length ? found : null;
    } catch {
      return null;
    }
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
      const drawn = code && typed && (question.letters ?? "").split(" ").some((it) => code.match(/[A-Za-z_]\w*/g)?.includes(it));
      const where = drawn ? "In the notebook, with your numbers in place of the letters: " : "In the notebook: ";
      says.replaceChildren(problem ?? (code ? `An answer of the right form. ${where}` : start));
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
