import { z } from "zod";

/** The schema of `adaptive_resolution`, which is loaded by the first file that has it. */
export const LazyAdaptiveConfig = z
  .lazy(() => {
    const loaded: typeof import("./config.ts") = require("./config.ts");
    return loaded.AdaptiveConfig;
  })
  .optional();
