import type { Escaper } from "#shared/template/execute.ts";
import { textOf } from "#shared/template/text.ts";
import type { Value } from "#shared/template/values.ts";
import { safeText } from "./functions.ts";

/** Stands for a value that would be dangerous where it is: Go's html/template writes the same. */
const refused = "ZgotmplZ";

type Place =
  | { readonly kind: "text" | "tag" | "name" | "before_value" | "comment" }
  | { readonly kind: "value"; readonly quote: string }
  /** Inside script, style, title or textarea. */
  | { readonly kind: "raw"; readonly element: string };

const text: Place = { kind: "text" };
const rawElements = new Set(["script", "style", "title", "textarea"]);
const urlAttributes =
  /^(?:action|archive|background|cite|classid|codebase|data|formaction|href|icon|longdesc|manifest|poster|profile|src|usemap|xmlns|.*(?:src|uri|url).*)$/;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
  "+": "&#43;",
  "\0": "\ufffd",
};

function escaped(value: string): string {
  return value.replaceAll(/[&<>"'+\0]/g, (c) => entities[c] ?? c);
}

/** For a value without quotes around it: what would end it, too. */
function escapedBare(value: string): string {
  return escaped(value).replaceAll(/[\s=`]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** Follows HTML as it is written, and escapes values by where they stand: in text, attributes, URLs, scripts and styles. Drops comments. */
export class HtmlEscaper implements Escaper {
  #place: Place = text;
  #element = "";
  #attribute = "";
  /** Of the attribute that is being written. */
  #value = "";
  /** Of a script: what has been written of it. */
  #script = "";

  readonly literal = (written: string): string => {
    let [kept, at] = ["", 0];
    while (at < written.length) {
      const start = at;
      const wasComment = this.#place.kind === "comment";
      at = this.#step(written, at);
      if (!wasComment && this.#place.kind !== "comment") kept += written.slice(start, at);
    }
    return kept;
  };

  readonly value = (value: Value): string => {
    const place = this.#place;
    switch (place.kind) {
      case "text": {
        const made = safeText(value);
        return made?.kind === "html" ? made.text : escaped(printed(value));
      }
      case "raw":
        return this.#inRaw(place.element, value);
      case "value":
        return this.#inValue(value, place.quote);
      case "before_value":
        this.#place = { kind: "value", quote: "" };
        return this.#inValue(value, "");
      case "tag":
      case "name":
        this.#place = { kind: "name" };
        return /^[A-Za-z0-9]+$/.test(printed(value)) && !isDangerous(printed(value))
          ? printed(value)
          : refused;
      case "comment":
        return "";
    }
  };

  #inRaw(element: string, value: Value): string {
    if (element === "script") {
      const quote = openQuote(this.#script);
      const made = quote === undefined ? jsLiteral(value) : jsText(printed(value));
      this.#script += made;
      return made;
    }
    return element === "style" ? cssValue(printed(value)) : escaped(printed(value));
  }

  #inValue(value: Value, quote: string): string {
    const escape = quote === "" ? escapedBare : escaped;
    const name = this.#attribute;
    const made = name.startsWith("on")
      ? jsLiteral(value)
      : name === "style"
        ? cssValue(printed(value))
        : urlAttributes.test(name)
          ? urlValue(value, this.#value)
          : printed(value);
    this.#value += made;
    return escape(made);
  }

  /** Reads on from `at`; gives where the next step begins. */
  #step(written: string, at: number): number {
    const place = this.#place;
    switch (place.kind) {
      case "text":
        return this.#textStep(written, at);
      case "comment": {
        const end = written.indexOf("-->", at);
        if (end < 0) return written.length;
        this.#place = text;
        return end + 3;
      }
      case "raw":
        return this.#rawStep(written, at, place.element);
      case "tag":
        return this.#tagStep(written, at);
      case "name":
        return this.#nameStep(written, at);
      case "before_value": {
        const c = written[at] ?? "";
        if (/\s/.test(c)) return at + 1;
        if (c === ">") return this.#endTag(at);
        this.#value = "";
        const isQuote = c === '"' || c === "'";
        this.#place = { kind: "value", quote: isQuote ? c : "" };
        return isQuote ? at + 1 : at;
      }
      case "value": {
        const c = written[at] ?? "";
        if (place.quote === "" ? /[\s>]/.test(c) : c === place.quote) {
          this.#place = { kind: "tag" };
          return place.quote === "" ? at : at + 1;
        }
        this.#value += c;
        return at + 1;
      }
    }
  }

  #textStep(written: string, at: number): number {
    const open = written.indexOf("<", at);
    if (open < 0) return written.length;
    if (open > at) return open;
    if (written.startsWith("<!--", at)) {
      this.#place = { kind: "comment" };
      return at + 4;
    }
    const tag = /<\/?([A-Za-z][^\s/>]*)/y;
    tag.lastIndex = at;
    const [whole, element = ""] = tag.exec(written) ?? [];
    if (whole === undefined) return at + 1;
    this.#element = whole.startsWith("</") ? "" : element.toLowerCase();
    this.#place = { kind: "tag" };
    return at + whole.length;
  }

  #tagStep(written: string, at: number): number {
    const c = written[at] ?? "";
    if (c === ">") return this.#endTag(at);
    if (/[\s/]/.test(c)) return at + 1;
    if (c === "=") {
      this.#place = { kind: "before_value" };
      return at + 1;
    }
    this.#attribute = "";
    this.#place = { kind: "name" };
    return at;
  }

  #nameStep(written: string, at: number): number {
    const c = written[at] ?? "";
    if (/[\s/>=]/.test(c)) {
      this.#place = { kind: "tag" };
      return at;
    }
    this.#attribute += c.toLowerCase();
    return at + 1;
  }

  #endTag(at: number): number {
    this.#place = rawElements.has(this.#element) ? { kind: "raw", element: this.#element } : text;
    this.#script = "";
    return at + 1;
  }

  #rawStep(written: string, at: number, element: string): number {
    const end = written.toLowerCase().indexOf(`</${element}`, at);
    if (end === at) {
      this.#element = "";
      this.#place = { kind: "tag" };
      return at + element.length + 2;
    }
    const next = end < 0 ? written.length : end;
    if (element === "script") this.#script += written.slice(at, next);
    return next;
  }
}

function printed(value: Value): string {
  return value === undefined ? "" : textOf(value);
}

function isDangerous(name: string): boolean {
  return /^on|^style$/i.test(name) || urlAttributes.test(name.toLowerCase());
}

/** The quote of the string that a script has open, if any. */
function openQuote(script: string): string | undefined {
  let open: string | undefined;
  for (let i = 0; i < script.length; i++) {
    const c = script[i] ?? "";
    if (c === "\\") i++;
    else if (open === undefined && /["'`]/.test(c)) open = c;
    else if (c === open) open = undefined;
  }
  return open;
}

function jsText(value: string): string {
  return value.replaceAll(
    /[^\w ,.:;@-]/g,
    (c) => String.raw`\u` + c.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

function jsLiteral(value: Value): string {
  if (typeof value === "boolean" || typeof value === "number" || typeof value === "bigint")
    return ` ${String(value)} `;
  return `"${jsText(printed(value))}"`;
}

function cssValue(value: string): string {
  const isPlain = !/[\0"'()/;@[\\\]`{}<>]|--/.test(value) && !/expression|mozbinding/i.test(value);
  return isPlain ? value : refused;
}

/** Of a URL whose start `before` is written: its scheme must be http, https or mailto; parameters are escaped whole. */
function urlValue(value: Value, before: string): string {
  const made = printed(value);
  if (/[?#]/.test(before)) return percentEncoded(made, /[A-Za-z0-9\-._~]/);
  if (before === "" && safeText(value)?.kind !== "url") {
    const scheme = /^([^/]*?):/.exec(made)?.[1]?.toLowerCase();
    if (scheme !== undefined && !["http", "https", "mailto"].includes(scheme)) return `#${refused}`;
  }
  return percentEncoded(made, /[A-Za-z0-9\-._~!#$&*+,/:;=?@[\]%]/);
}

function percentEncoded(value: string, kept: RegExp): string {
  return Array.from(value.toWellFormed(), (c) =>
    kept.test(c)
      ? c
      : [...Buffer.from(c)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  ).join("");
}
