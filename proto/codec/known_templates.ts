import { type LineTemplate, templateOfText } from "#shared/model/line_template.ts";

/** UTF-16 units of all texts together; when they are more, all are forgotten. */
const unitsMax = 4 * 1_024 * 1_024;

const known = new Map<string, LineTemplate>();
let units = 0;

/**
 * templateOfText(), and the same object for the same text: agents send the same few hundred templates with every frame, and to
 * take their texts apart costs more than to decode a line of each.
 */
export function knownTemplate(text: string): LineTemplate {
  let template = known.get(text);
  if (template !== undefined) return template;
  template = templateOfText(text);
  if (units > unitsMax) {
    known.clear();
    units = 0;
  }
  units += text.length;
  known.set(text, template);
  return template;
}
