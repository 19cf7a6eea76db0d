import { messageOf } from "#shared/errors.ts";
import { executeOnData } from "#shared/template/execute.ts";
import type { TemplateNode } from "#shared/template/nodes.ts";
import { parseNamedTemplates } from "#shared/template/parse.ts";
import { ExecutionError } from "#shared/template/values.ts";
import type { Texts } from "../channel.ts";
import type { Notification } from "../notification.ts";
import { dataOf } from "./data.ts";
import { defaultTemplates } from "./default_templates.ts";
import { emailTemplates } from "./email_template.ts";
import { notificationFunctionNames, notificationFunctions } from "./functions.ts";
import { HtmlEscaper } from "./html_escaper.ts";

export type TemplateFile = { readonly path: string; readonly source: string };
type Named = Map<string, readonly TemplateNode[]>;

/** A text of a configuration is read once: as many are kept. */
const parsedMax = 1_000;

/** Templates of notifications: the built-in ones, and those of files, which replace built-in ones of the same name. */
export class NotificationTemplates {
  readonly #named: Named;
  readonly #parsed = new Map<string, { nodes: readonly TemplateNode[]; named: Named }>();

  /** Throws TemplateError with the file's path. */
  constructor(files: readonly TemplateFile[] = []) {
    this.#named = new Map();
    for (const source of [defaultTemplates, emailTemplates])
      parseNamedTemplates(source, notificationFunctionNames, this.#named);
    for (const { path, source } of files) {
      try {
        const nodes = parseNamedTemplates(source, notificationFunctionNames, this.#named);
        // A file is a template by its name, too.
        this.#named.set(path.slice(path.lastIndexOf("/") + 1), nodes);
      } catch (cause) {
        throw new Error(`template file ${path}: ${messageOf(cause)}`, { cause });
      }
    }
  }

  get names(): ReadonlySet<string> {
    return new Set(this.#named.keys());
  }

  /** What is wrong with a text as a template; undefined where nothing is. */
  fault(source: string): string | undefined {
    try {
      this.#read(source);
      return undefined;
    } catch (thrown) {
      return messageOf(thrown);
    }
  }

  /** Renders texts for a notification. A failure stands in place of the text. */
  textsOf(notification: Notification, nowMs: number): Texts {
    return {
      text: (source) => this.#shown(source, notification, nowMs, false),
      html: (source) => this.#shown(source, notification, nowMs, true),
    };
  }

  /** Throws TemplateError or ExecutionError. */
  render(source: string, notification: Notification, nowMs: number, isHtml = false): string {
    if (!source.includes("{{")) return source;
    const { nodes, named } = this.#read(source);
    const data = dataOf(notification);
    const routeLabel = (name: string) =>
      Object.hasOwn(notification.routeLabels, name) ? (notification.routeLabels[name] ?? "") : "";
    const functions = notificationFunctions(nowMs, routeLabel);
    return executeOnData(nodes, data, {
      functions,
      named,
      ...(isHtml ? { escaper: new HtmlEscaper() } : {}),
    });
  }

  #shown(source: string, notification: Notification, nowMs: number, isHtml: boolean): string {
    try {
      return this.render(source, notification, nowMs, isHtml);
    } catch (thrown) {
      const reason = thrown instanceof ExecutionError ? thrown.message : messageOf(thrown);
      const shown = isHtml ? reason.replaceAll(/[&<>"']/g, "?") : reason;
      return isHtml ? `[template failed: ${shown}]` : `<template failed: ${shown}>`;
    }
  }

  #read(source: string) {
    const known = this.#parsed.get(source);
    if (known !== undefined) return known;
    const named = new Map(this.#named);
    const nodes = parseNamedTemplates(source, notificationFunctionNames, named);
    const read = { nodes, named };
    if (this.#parsed.size < parsedMax) this.#parsed.set(source, read);
    return read;
  }
}
