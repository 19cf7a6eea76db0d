import { z } from "zod";

/**
 * A schema that is made when something is parsed by it, and let go afterwards: the next time it is made again, in a fraction of a
 * millisecond. For what is read once, as a configuration is: a schema takes 5 KB of an agent's memory for each key that it describes, and
 * all of them together took a tenth of it.
 *
 * It is z.lazy() that does not hold on to what it made. `innerType` is documented for those who extend Zod (zod.dev/packages/core).
 */
export function lazySchema<Schema extends z.ZodType>(make: () => Schema): z.ZodLazy<Schema> {
  let made: WeakRef<Schema> | undefined;
  const schema = z.lazy(make);
  // oxlint-disable-next-line eslint/no-underscore-dangle -- the name that Zod gave it.
  Object.defineProperty(schema._zod, "innerType", {
    get: () => {
      const known = made?.deref();
      if (known !== undefined) return known;
      const fresh = make();
      made = new WeakRef(fresh);
      return fresh;
    },
  });
  return schema;
}
