import { AgentConfig } from "#agent/config/config.ts";
import { ConfigError, parseConfig } from "#shared/runtime/config/config.ts";
import type { Account } from "./account.ts";
import type { Plan } from "./plan.ts";
import type { SourceNode } from "./source_tree.ts";

/**
 * Takes those sources, receivers and scrape jobs out of the plan that our own check refuses, and says so of what they come from: one relative path
 * must not cost a whole import. Throws ConfigError where the check refuses anything else. `write` gives the plan's text.
 */
export function leaveOutRefused(
  plan: Plan,
  write: () => string,
  { account, root }: { readonly account: Account; readonly root: SourceNode },
): void {
  for (;;) {
    const refused = refusedBy(write());
    if (refused === undefined) return;
    const parts = new Map<string, string[]>();
    for (const { key, expected } of refused.mistakes) {
      const keys = key.split(".");
      const depth = keys[0] === "integrations" ? 3 : 2;
      const [part, within] = [keys.slice(0, depth).join("."), keys.slice(depth)];
      parts.set(part, [...(parts.get(part) ?? []), `${within.join(".")}: ${expected}`]);
    }
    // From the end, so that the others keep their places.
    for (const [part, reasons] of [...parts].toReversed()) {
      const taken = plan.takeOut(part);
      if (taken === undefined) throw refused;
      const comment = plan.comments.get(taken) ?? "";
      const at = /^(\S+:\d+): /.exec(comment)?.[1] ?? root.at;
      account.takeBack(nodeAt(root, at) ?? root, reasons.join("; "));
    }
  }
}

function refusedBy(text: string): ConfigError | undefined {
  try {
    parseConfig(AgentConfig, { name: "result", text, overrides: [] });
    return undefined;
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown;
    throw thrown;
  }
}

/** The outermost map that stands there. */
function nodeAt(node: SourceNode, at: string): SourceNode | undefined {
  if (node.kind === "scalar") return undefined;
  if (node.kind === "map" && node.at === at && node.path !== "") return node;
  const children = node.kind === "list" ? node.items : node.entries.map((entry) => entry.node);
  for (const child of children) {
    const found = nodeAt(child, at);
    if (found !== undefined) return found;
  }
  return undefined;
}
