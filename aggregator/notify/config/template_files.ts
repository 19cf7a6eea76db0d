import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import type { TemplateFile } from "#aggregator/channels/templates/notification_templates.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";

/**
 * Reads the files of `templates`: patterns in the last part of a path, relative to the configuration file. A pattern that no file fits
 * is none. Throws OperatingError("bad_request").
 */
export async function templateFiles(
  patterns: readonly string[],
  configFile: string,
): Promise<TemplateFile[]> {
  const files: TemplateFile[] = [];
  for (const pattern of patterns) {
    const whole = isAbsolute(pattern) ? pattern : join(dirname(configFile), pattern);
    const paths = /[*?[{]/.test(whole)
      ? [...new Bun.Glob(whole).scanSync({ absolute: true, onlyFiles: true })].toSorted()
      : [whole];
    for (const path of paths) {
      try {
        files.push({ path, source: await readFile(path, "utf8") });
      } catch (cause) {
        throw new OperatingError("bad_request", `${configFile}: templates: ${messageOf(cause)}`, {
          cause,
        });
      }
    }
  }
  return files;
}
