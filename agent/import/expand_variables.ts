import type { ReadSurroundings } from "./surroundings.ts";

/**
 * `${NAME}` and `${NAME:-default}` (also `${NAME-default}`) by the environment's values. A variable that is not set and has no default is a mistake: the
 * result would not be what the shipper runs with. `$1` and `${1}` are groups of expressions and stay.
 */
export function expandVariables(
  text: string,
  { file, environment, mistakes }: Pick<ReadSurroundings, "file" | "environment" | "mistakes">,
): string {
  return text
    .split("\n")
    .map((line, i) =>
      // A comment names variables to no effect.
      /^\s*#/.test(line)
        ? line
        : line.replaceAll(
            /\$\{([A-Za-z_]\w*)(?:(:?[-?])([^}]*))?\}/g,
            (_, name: string, how: string | undefined, fallback: string | undefined) => {
              const value = environment[name];
              if (value !== undefined && (value !== "" || how?.startsWith(":") !== true))
                return value.replaceAll(/\s*\n\s*/g, " ");
              if (how?.endsWith("-") === true) return fallback ?? "";
              mistakes.addAt(
                `${file}:${i + 1}`,
                `the environment has no ${name}: set it, or give it a default`,
              );
              return "";
            },
          ),
    )
    .join("\n");
}
