import Type from "typebox";

/** The versions in which Istio's traffic objects are written; they are the same. */
export const ISTIO_VERSIONS = Type.Enum([
  "networking.istio.io/v1",
  "networking.istio.io/v1beta1",
  "networking.istio.io/v1alpha3",
]);

/** The pattern of a part of a host's name between dots. */
export const LABEL = "[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?";

/**
 * The pattern of a host as Istio's objects name it: `a.example`, `a.example.`, `*.example`, `*-a.example`, `*a.example`
 * or `*`. (istio 1.31, pkg/config/validation/agent/validation.go, ValidateWildcardDomain)
 */
export const HOST = `(\\*|(\\*[.-]?)?${LABEL}(\\.${LABEL})*\\.?)`;
