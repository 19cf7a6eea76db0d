import type { Logger } from "./log.ts";

/**
 * What a reload makes of keys that changed: it takes them over, or they wait for a restart. A map says it for
 * each of the keys below; a key that is not named is no key of the role.
 */
export type KeyEffects = { readonly [key: string]: "reload" | "restart" | KeyEffects };

/** When changed keys of all roles (baseShape()) take effect. */
export const baseKeyEffects = {
  listen: "restart",
  http: "reload",
  data_dir: "restart",
  tenant: "restart",
  memory_high: "restart",
  lifecycle: "restart",
  log: "restart",
} as const satisfies KeyEffects;

/** Keys that differ between two configurations and take effect after a restart only, as they are written: "uplink.window". */
export function restartKeysOf(effects: KeyEffects, before: unknown, after: unknown): string[] {
  return Object.entries(effects).flatMap(([key, effect]) => {
    if (effect === "reload") return [];
    const [was, is] = [valueOf(before, key), valueOf(after, key)];
    if (effect === "restart") return changedKeys(key, was, is);
    return restartKeysOf(effect, was, is).map((below) => `${key}.${below}`);
  });
}

/** Logs the keys, if there are some, and hands them on. */
export function logRestartKeys(log: Logger, keys: readonly string[]): readonly string[] {
  if (keys.length > 0) log.warn("some keys take effect after a restart only", { keys });
  return keys;
}

/** The innermost keys that differ. */
function changedKeys(path: string, was: unknown, is: unknown): string[] {
  if (Bun.deepEquals(was, is)) return [];
  if (isMap(was) && isMap(is)) {
    const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])];
    return keys.flatMap((key) => changedKeys(`${path}.${key}`, was[key], is[key]));
  }
  // Values that each reading creates, such as functions, are compared by their text.
  return JSON.stringify(was) === JSON.stringify(is) ? [] : [path];
}

function valueOf(map: unknown, key: string): unknown {
  return isMap(map) ? map[key] : undefined;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
