/** The bundler takes style sheets that script imports; the type checker only needs to know that they exist. */
declare module "*.css";
