import { download, fileName } from "../../../frames/export.ts";

/** Saves a document as a file named after its title. */
export function downloadDocument(title: string, document: string): void {
  let text = document;
  try {
    text = `${JSON.stringify(JSON.parse(document), undefined, 2)}\n`;
  } catch {
    // What is no JSON is exported as it is.
  }
  download(`${fileName(title)}.json`, "application/json", text);
}
