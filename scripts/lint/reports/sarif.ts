import { relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { type Code, CODES } from "../../manifests/codes/codes.ts";
import type { Problem } from "../../manifests/problem.ts";

/** The parts of a SARIF log that `lint` writes (SARIF 2.1.0, OASIS). */
export interface SarifLog {
  $schema: string;
  version: "2.1.0";
  runs: readonly SarifRun[];
}

interface SarifRun {
  tool: { driver: { name: string; semanticVersion: string; rules: readonly SarifRule[] } };
  columnKind: "utf16CodeUnits";
  results: readonly SarifResult[];
}

interface SarifRule {
  id: Code;
  shortDescription: SarifText;
  fullDescription: SarifText;
  help: SarifText & { markdown: string };
  defaultConfiguration: { level: Problem["severity"] };
}

interface SarifResult {
  ruleId: Code;
  ruleIndex: number;
  level: Problem["severity"];
  message: SarifText;
  locations: readonly SarifLocation[];
  partialFingerprints: Readonly<Record<string, string>>;
}

interface SarifLocation {
  physicalLocation: {
    artifactLocation: { uri: string; uriBaseId?: "%SRCROOT%" };
    region: { startLine: number; startColumn: number };
  };
  logicalLocations?: readonly [{ fullyQualifiedName: string }];
}

interface SarifText {
  text: string;
}

/** The parts of a finding that a report shows. */
type Reported = Pick<Problem, "code" | "severity" | "at" | "field" | "message" | "fix">;

/** The identity of a result for tools that compare two runs; it contains no line, because edits move lines. */
const FINGERPRINT = "kycFinding/v1";

/**
 * Findings as a SARIF log. The rules are all problem codes, also those without a result.
 * @param root the folder that files are named from: the top of the repository
 * @param here the folder that the findings name files from
 * @param version that of this tool
 */
export function sarifLog(
  findings: readonly Reported[],
  { root, here, version }: { root: string; here: string; version: string },
): SarifLog {
  const codes = Object.keys(CODES) as Code[];
  const indices = new Map(codes.map((code, i) => [code, i]));
  const seen = new Map<string, number>();
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "kyc lint", semanticVersion: version, rules: codes.map(ruleOf) } },
        columnKind: "utf16CodeUnits",
        results: findings.map(resultOf),
      },
    ],
  };

  function resultOf({ code, severity, at, field, message, fix }: Reported): SarifResult {
    const place = artifactIn(root, resolve(here, at.file));
    return {
      ruleId: code,
      ruleIndex: indices.get(code) ?? -1,
      level: severity,
      message: {
        text: `${field === "" ? "" : `${field}: `}${message}${fix === undefined ? "" : `; ${fix}`}`,
      },
      locations: [
        {
          physicalLocation: {
            artifactLocation: place,
            region: { startLine: at.line, startColumn: at.column },
          },
          ...(field === "" ? {} : { logicalLocations: [{ fullyQualifiedName: field }] }),
        },
      ],
      partialFingerprints: { [FINGERPRINT]: fingerprint([code, place.uri, field, message].join("\n")) },
    };
  }

  /** Equal findings of one file, such as those of two objects, are distinguished by their order. */
  function fingerprint(key: string): string {
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return `${new Bun.CryptoHasher("sha256").update(key).digest("hex").slice(0, 32)}:${count}`;
  }
}

function ruleOf(code: Code): SarifRule {
  const { severity, inLint, means, fix } = CODES[code];
  return {
    id: code,
    shortDescription: { text: code.replaceAll("-", " ") },
    fullDescription: { text: means },
    help: { text: `${means}\nFix: ${fix}`, markdown: `${means}\n\n**Fix:** ${fix}` },
    defaultConfiguration: { level: inLint ?? severity },
  };
}

/**
 * Names a file below the root relative to it, so that every checkout yields the same name; any other by its full
 * path.
 */
function artifactIn(root: string, path: string): { uri: string; uriBaseId?: "%SRCROOT%" } {
  const below = relative(root, path);
  if (below.startsWith("..") || resolve(below) === below) return { uri: pathToFileURL(path).href };
  return { uri: below.split(sep).map(encodeURIComponent).join("/"), uriBaseId: "%SRCROOT%" };
}
