import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import type { BoundReceiver } from "./binder.ts";
import { receivers } from "./registry.ts";

const sections = () =>
  Object.fromEntries(Object.entries(receivers).map(([type, each]) => [type, each.section()]));

/** What is taken when it is pushed here; everything that needs no port of its own is on. */
export const ReceiversConfig = z.lazy(() =>
  z
    .strictObject({
      /** Most memory for the bodies of all requests together, packed and unpacked. Requests beyond it are asked to retry. */
      memory_max: byteSize.prefault("256MiB"),
      ...sections(),
    })
    .transform(({ memory_max, ...bound }) => ({
      memory_max,
      /** Those that are named or need not be, by type. */
      bound: new Map(
        Object.values(bound as Readonly<Record<string, BoundReceiver | undefined>>).flatMap((one) =>
          one === undefined ? [] : [[one.type, one] as const],
        ),
      ),
      shown: () => ({ memory_max, ...bound }),
    })),
);

export type ReceiversConfig = z.output<typeof ReceiversConfig>;
