/** Of a body that is a form. */
export const formHeaders = { "Content-Type": "application/x-www-form-urlencoded" } as const;
