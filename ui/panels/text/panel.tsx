import { marked } from "marked";
import { useLayoutEffect, useMemo, useRef } from "react";
import type { PanelProps } from "../panel_kind.ts";
import { Nothing } from "../parts/nothing.tsx";
import type { TextOptions } from "./options.ts";
import { sanitize } from "./sanitize.ts";

/** A text of a person: Markdown, HTML or as it is. */
export function TextPanel({ title, options, interpolate }: PanelProps<TextOptions>) {
  const { mode, content, line_numbers } = options;
  if (content.trim() === "") {
    return <Nothing>Nothing is written here yet. Write the text in the panel's options.</Nothing>;
  }
  if (mode === "code")
    return <Plain title={title} text={interpolate(content)} numbered={line_numbers} />;
  // Values of variables come from outside: they are escaped, and stay text.
  return (
    <Marked title={title} text={interpolate(content, "html")} isMarkdown={mode === "markdown"} />
  );
}

function Plain({
  title,
  text,
  numbered,
}: {
  readonly title: string;
  readonly text: string;
  readonly numbered: boolean;
}) {
  return (
    <pre
      className="panel-code"
      role="region"
      tabIndex={0}
      aria-label={title === "" ? "Text" : title}
    >
      {numbered
        ? text.split("\n").map((line, i) => (
            <span key={i} className="panel-code-line">
              <span aria-hidden="true">{i + 1}</span>
              {line}
              {"\n"}
            </span>
          ))
        : text}
    </pre>
  );
}

function Marked({
  title,
  text,
  isMarkdown,
}: {
  readonly title: string;
  readonly text: string;
  readonly isMarkdown: boolean;
}) {
  const host = useRef<HTMLDivElement>(null);
  const fragment = useMemo(() => {
    try {
      return sanitize(isMarkdown ? marked.parse(text, { async: false, gfm: true }) : text);
    } catch {
      // Nested too deep to be read: then it is shown as it was written.
      return undefined;
    }
  }, [text, isMarkdown]);
  useLayoutEffect(() => {
    host.current?.replaceChildren(fragment === undefined ? text : fragment.cloneNode(true));
  }, [fragment, text]);
  return (
    <div
      ref={host}
      className="panel-text"
      role="region"
      tabIndex={0}
      aria-label={title === "" ? "Text" : title}
    />
  );
}
