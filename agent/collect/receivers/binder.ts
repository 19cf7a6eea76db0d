import { z } from "zod";
import { checkedBy } from "#shared/schema.ts";
import { type ProcessorList, ProcessorsConfig } from "../../pipeline/processors/config.ts";
import type { OpenedReceiver, Receiver, ReceiverContext, ReceiverSchema } from "./receiver.ts";

/** A receiver with its options checked and bound: all receivers look alike from here on. */
export type BoundReceiver = {
  readonly type: string;
  readonly isEnabled: boolean;
  /** Canonical text of the options: two that are equal need no restart. */
  readonly fingerprint: string;
  /** Of one that emits log records. */
  readonly processors: ProcessorList | undefined;
  open(context: ReceiverContext): OpenedReceiver;
  /** What people see of it where the configuration in effect is shown. */
  shown(): unknown;
};

/** What a registry holds of a receiver. */
export type ReceiverBinder = {
  /** Its own options. */
  readonly config: z.ZodType;
  /** Its section of the configuration. Undefined is a section that is absent, and leaves the receiver off. */
  section(): z.ZodType<BoundReceiver | undefined>;
};

/** Makes what a registry holds of a receiver: it checks options by the receiver's own schema. */
export function binder<Type extends string, Config extends ReceiverSchema>(
  receiver: Receiver<Type, Config>,
): ReceiverBinder {
  const { type, isOffUntilNamed = false } = receiver;
  const section = () => {
    const bound = z.record(z.string(), z.unknown()).transform((given, context): BoundReceiver => {
      const { processors: written, ...own } = given;
      const options = checkedBy(receiver.config, receiver.emitsLogs ? own : given, context);
      const processors = receiver.emitsLogs
        ? checkedBy(ProcessorsConfig, written, context, ["processors"])
        : undefined;
      if (context.issues.length > 0) return z.NEVER;
      return {
        type,
        isEnabled: options.enabled,
        fingerprint: JSON.stringify(given),
        processors,
        open: (opened) => receiver.open(options, opened),
        shown: () => (processors === undefined ? options : { ...options, processors }),
      };
    });
    return isOffUntilNamed ? bound.optional() : bound.prefault({});
  };
  return { config: receiver.config, section };
}
