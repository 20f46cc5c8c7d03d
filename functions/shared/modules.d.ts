/** prom-client by its parts: the whole package takes ten times as long to load as those that are used. */
declare module "prom-client/lib/registry.js" {
  import { Registry } from "prom-client";
  export default Registry;
}
declare module "prom-client/lib/metrics/*" {
  import type { Registry } from "prom-client";
  const register: (registry: Registry) => void;
  export default register;
}

/** Files of swagger-ui-dist, imported as what they are: files. The default export is the path. */
declare module "swagger-ui-dist/*" {
  const path: string;
  export default path;
}
