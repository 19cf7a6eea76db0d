import createDOMPurify, { type Config } from "dompurify";

const config: Config & { IN_PLACE: true } = {
  USE_PROFILES: { html: true },
  // Nothing that styles the page, loads, plays, or takes input: a text is read.
  FORBID_TAGS: [
    "style",
    "form",
    "input",
    "button",
    "select",
    "option",
    "textarea",
    "fieldset",
    "dialog",
    "picture",
    "source",
    "audio",
    "video",
    "track",
    "map",
    "area",
    "marquee",
  ],
  FORBID_ATTR: ["style", "class", "id", "name", "srcset", "background", "tabindex", "autofocus"],
  ALLOW_DATA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|[/#?.]|[^a-z]|[a-z+.-]+(?:[^a-z+.:-]|$))/i,
  IN_PLACE: true,
};

/**
 * Markup of people as a document fragment that can do no more than be read: no scripts, styles, frames, forms. Links open beside
 * this page and learn nothing of it; pictures become links to them, because this page loads nothing from elsewhere.
 */
export function sanitize(markup: string): DocumentFragment {
  const purify = createDOMPurify(window);
  purify.addHook("afterSanitizeAttributes", (node) => {
    if (node.tagName !== "A") return;
    node.setAttribute("rel", "noopener noreferrer");
    if (/^(?:https?:)?\/\//i.test(node.getAttribute("href") ?? "")) {
      node.setAttribute("target", "_blank");
    } else {
      node.removeAttribute("target");
    }
  });
  // The document of a template's content runs nothing and loads nothing.
  const inert = document.createElement("template").content.ownerDocument.createElement("div");
  inert.innerHTML = withoutHandlers(markup);
  purify.sanitize(inert, config);
  for (const image of inert.querySelectorAll("img")) {
    const source = image.getAttribute("src") ?? "";
    const said = image.getAttribute("alt")?.trim() ?? "";
    const text = `picture: ${said === "" ? source.slice(0, 200) : said}`;
    image.replaceWith(
      /^https?:\/\//i.test(source) && image.closest("a") === null ? linkTo(source, text) : text,
    );
  }
  const fragment = document.createDocumentFragment();
  fragment.append(...inert.childNodes);
  return fragment;
}

/**
 * Event handlers are removed below like all attributes that are not known. This only keeps the browser from telling of each in its
 * console, as it does when it parses one under our policy.
 */
function withoutHandlers(markup: string): string {
  return markup.replace(/<[a-z][^<>]*>/gi, (tag) =>
    tag.replace(/([\s/"'])on[a-z]+(?=\s*=)/gi, "$1data-removed"),
  );
}

function linkTo(address: string, text: string): HTMLElement {
  const link = document.createElement("a");
  link.href = address;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.textContent = text;
  return link;
}
