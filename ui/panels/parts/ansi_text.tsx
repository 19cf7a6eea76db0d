import Anser, { type AnserJsonEntry } from "anser";
import { memo } from "react";

const escapeSign = "\u001b[";
const named = /^ansi-(?:bright-)?(black|red|green|yellow|blue|magenta|cyan|white)$/;

/** A line with its terminal colours as classes; what a terminal would do besides is left out. */
export const AnsiText = memo(({ text }: { readonly text: string }) => {
  if (!text.includes(escapeSign)) return text;
  return Anser.ansiToJson(text, { json: true, remove_empty: true, use_classes: true }).map(
    (part, i) => (
      <span key={i} className={classOf(part)}>
        {part.content}
      </span>
    ),
  );
});

function classOf({ fg, bg, decorations }: AnserJsonEntry): string {
  const classes: string[] = [];
  const front = named.exec(fg ?? "")?.[1];
  if (front !== undefined) classes.push(`ansi-${front}`);
  const back = named.exec(bg ?? "")?.[1];
  if (back !== undefined) classes.push(`ansi-on-${back}`);
  for (const decoration of ["bold", "dim", "italic", "underline", "strikethrough"] as const) {
    if (decorations.includes(decoration)) classes.push(`ansi-${decoration}`);
  }
  return classes.join(" ");
}
