import type { Message } from "@bufbuild/protobuf";

/**
 * What a generated message says, as pages hold it: unchangeable, and without what the library keeps in it, so that other values of the
 * same shape are as good.
 */
export type Told<Value> = Value extends readonly (infer Item)[]
  ? readonly Told<Item>[]
  : Value extends Message
    ? { readonly [Key in keyof Value as Exclude<Key, keyof Message>]: Told<Value[Key]> }
    : // A map.
      string extends keyof Value
      ? { readonly [Key in keyof Value]: Told<Value[Key]> }
      : Value;

/** The same with a closed set of words in place of some texts. */
export type ToldAs<Value extends Message, Words> = Omit<Told<Value>, keyof Words> & Readonly<Words>;
