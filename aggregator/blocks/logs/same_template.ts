import { type LineTemplate, templateOfText } from "#shared/model/line_template.ts";

const templatesMax = 20_000;
const known = new Map<string, LineTemplate>();

/** The template of a text; the same object for equal texts nearly always, so that what a query finds out of it serves all row groups. */
export function sameTemplate(text: string): LineTemplate {
  const one = known.get(text);
  if (one !== undefined) return one;
  const template = templateOfText(text);
  if (known.size >= templatesMax) known.clear();
  known.set(text, template);
  return template;
}
