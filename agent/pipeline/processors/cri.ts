import { FieldsConfig, fieldsProcess } from "./formats/fields.ts";
import { timeReader } from "./formats/time_format.ts";
import { defineProcessor } from "./processor.ts";

const readTime = timeReader("rfc3339", "UTC");
const shape = /^(\S{20,40}) (stdout|stderr) ([FP](?::\S*)?) ?/;

/**
 * Lines as Kubernetes' container runtimes write them (kubernetes/design-proposals-archive, kubelet-cri-logging.md):
 * `2016-10-06T00:17:09.669794202Z stdout F the line`. The rest of the line becomes the body, the time the record's.
 */
export const cri = defineProcessor({
  type: "cri",
  config: FieldsConfig,
  create: (config) =>
    fieldsProcess({ ...config, body_from: config.body_from ?? "content" }, (text, _, row) => {
      const parts = shape.exec(text);
      const time = parts === null ? undefined : readTime(text, row);
      if (parts === null || time === undefined) return undefined;
      const [head, , stream = "", flags = ""] = parts;
      return {
        // A part of a line that was too long for the runtime says so; a whole one has nothing to say.
        fields: {
          stream,
          content: text.slice(head.length),
          ...(flags.startsWith("P") ? { partial: "true" } : {}),
        },
        timestampMs: time.ms,
        nanos: time.nanos,
      };
    }),
});
