/** Files of the reader's own, chosen or dropped anywhere on the page: tables, models and scenes, which the engine reads. */

import { html } from "./dom.js";
import { counted } from "./numbers.js";

export const ENDINGS = ".csv,.tsv,.txt,.json,.deltarule";

/** Most bytes of a kind; a request has at most 12 million, and a model takes four bytes of it for three. */
const MOST = { table: 6e6, scene: 4e6, model: 8e6 };

/**
 * @param {Object} app
 * @returns {{element: Element, choose: () => void, take: (files: Iterable<File>, target?: string | null) => Promise<void>, over: (root: Element) => void}}
 */
export function createFiles(app) {
  const element = html("input", { type: "file", hidden: true, multiple: true, accept: ENDINGS, onchange: async () => {
    await take(element.files);
    element.value = ""; // the same file can be chosen again
  } });

  /** Open a table, a model, a scene, or one of the last two beside its table. */
  async function take(files, target = null) {
    try {
      const request = {};
      const names = {};
      let bytes = 0;
      for (const file of files) {
        const kind = await kindOf(file);
        if (names[kind]) throw new Error(`${names[kind]} and ${file.name} are both a ${kind}. Give one of them.`);
        bytes += kind === "model" ? (4 * file.size) / 3 : file.size;
        if (file.size > MOST[kind] || bytes > 11.5e6) {
          throw new Error(`${file.name} has ${counted(file.size)} bytes, too many for this page, which takes ${counted(MOST[kind])} of a ${kind}. Open it with \`deltarule play ${file.name}\`.`);
        }
        names[kind] = file.name;
        if (kind === "model") request.model = await base64(file);
        else request[kind === "table" ? "table_text" : kind] = await textOf(file);
      }
      if (!bytes && !Object.keys(names).length) return;
      await app.open({ ...request, table_name: names.table ?? null, model_name: names.model ?? null, target });
    } catch (error) {
      app.complain(error);
    }
  }

  /** Let files be dropped anywhere on the page; what is no file is left to whom it is for. */
  function over(root) {
    root.addEventListener("dragover", (event) => event.dataTransfer.types.includes("Files") && event.preventDefault());
    root.addEventListener("drop", (event) => {
      if (event.defaultPrevented || !event.dataTransfer.files.length) return;
      event.preventDefault();
      event.stopPropagation();
      take(event.dataTransfer.files);
    });
  }

  return { element, choose: () => element.click(), take, over };
}

async function kindOf(file) {
  const ending = file.name.toLowerCase().split(".").pop();
  if (["xlsx", "ods", "parquet"].includes(ending)) throw noText(file);
  let start;
  try {
    start = await file.slice(0, 40).text();
  } catch {
    throw new Error(`${file.name} cannot be read. Is it a folder, or gone?`);
  }
  if (start.startsWith("PK") || ending === "deltarule") return "model";
  return start.startsWith('{"deltarule-scene"') ? "scene" : "table";
}

function noText(file) {
  return new Error(`${file.name} is not text in UTF-8. Save it as CSV in UTF-8; a Parquet file opens with \`deltarule play ${file.name}\`.`);
}

/** The text of a file: letters that are not UTF-8 are said, because in their place others would be learnt. */
async function textOf(file) {
  const bytes = await file.arrayBuffer();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw noText(file);
  }
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Error(`${file.name} cannot be read. Is it gone?`));
    reader.readAsDataURL(file);
  });
}
