import manifest from "../package.json" with { type: "json" };

/** Put in by `npm run build -- --release VERSION`. */
declare const buildVersion: string | undefined;

/** The version of this build. */
export const version: string = typeof buildVersion === "string" ? buildVersion : manifest.version;
