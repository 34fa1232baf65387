// Makes tests/python_workers/raw_texts.json anew: String(value) of each of its Python expressions, asked of Pyodide.
//
//     npm install --no-save pyodide@0.28.2 && node tests/support/raw_texts.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { loadPyodide } from "pyodide";

const table = new URL("../python_workers/raw_texts.json", import.meta.url);
const cases = JSON.parse(readFileSync(table, "utf8"));
const python = await loadPyodide();
python.runPython(readFileSync(new URL("raw_texts.py", import.meta.url), "utf8"));
// Python calls it, as the SDK calls the platform: arguments are converted as they are in production.
python.globals.set("text_of", python.runPython("import js\njs.eval('value => String(value)')"));
for (const expression of Object.keys(cases)) cases[expression] = python.runPython(`text_of(${expression})`);
writeFileSync(table, JSON.stringify(cases, null, 2) + "\n");
