import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import { timeReader } from "./formats/time_format.ts";
import { isZone } from "./formats/zones.ts";
import { defineProcessor } from "./processor.ts";

/** The zone of times that tell none. */
export const Zone = z.lazy(() =>
  z
    .string()
    .refine((zone) => isZone(zone), `expected "UTC", "local" or a zone such as "Europe/Berlin"`)
    .default("UTC"),
);

/** Like everything that is pushed: what is further ahead is no time of a log. */
const aheadMsMax = 10 * 60_000;

/** The time of a record, from an attribute or from the beginning of the body. */
export const timestamp = defineProcessor({
  type: "timestamp",
  config: z.lazy(() =>
    z
      .strictObject({
        /** "body", or the name of an attribute. */
        from: z.string().min(1).default("timestamp"),
        /** rfc3339, unix, unix_ms, unix_us, unix_ns, auto, a strptime format or a Go layout; more than one are tried in turn. */
        format: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).default("auto"),
        zone: Zone,
        /** The attribute is taken away where its time was read. */
        remove: z.boolean().default(false),
        on_error: z.enum(["keep", "drop"]).default("keep"),
      })
      .transform(({ format, ...rest }, context) => {
        try {
          const formats = typeof format === "string" ? [format] : format;
          return { ...rest, readers: formats.map((own) => timeReader(own, rest.zone)) };
        } catch (thrown) {
          context.addIssue({ code: "custom", path: ["format"], message: messageOf(thrown) });
          return z.NEVER;
        }
      }),
  ),
  create: ({ from, readers, remove, on_error: onError }, { clock }) => {
    return (records, rows, count) => {
      const nowMs = clock.now();
      for (const row of rows) {
        const text = records.source(row, from);
        let instant;
        if (text !== undefined)
          for (const read of readers) {
            instant = read(text, nowMs);
            if (instant !== undefined) break;
          }
        if (instant === undefined || instant.ms > nowMs + aheadMsMax) {
          count.failed++;
          if (onError === "drop") records.drop(row, "unparsed");
          continue;
        }
        records.setTime(row, instant.ms, instant.nanos);
        if (remove && from !== "body") {
          const { [from]: _, ...rest } = records.attributes(row) ?? {};
          records.setAttributes(row, rest);
        }
        count.changed++;
      }
    };
  },
});
