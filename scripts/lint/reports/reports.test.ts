import { describe, expect, test } from "bun:test";
import official from "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json" with { type: "json" };
import { Check, Errors } from "typebox/schema";
import { CODES } from "../../manifests/codes/codes.ts";
import { findingsIn, routes } from "../testing/findings.ts";
import { githubAnnotations } from "./github-annotations.ts";
import { sarifLog } from "./sarif.ts";

// Of a file in the repository, from its top.
const RelativeUri = /^[A-Za-z0-9._~!'()*%-]+(\/[A-Za-z0-9._~!'()*%-]+)*$/;

const PLACES = { root: "/repository", here: "/repository/shop", version: "1.2.3" };
const TEXT = routes("{route: [{destination: {host: a, port: {number: 80}}, weight: 0}]}");

describe("SARIF", () => {
  const findings = findingsIn(TEXT, `${TEXT}---\n${TEXT.replace("name: own", "name: other")}`);
  const log = sarifLog(findings, PLACES);
  const [run] = log.runs;

  test("follows the standard, and has a rule for every problem code", () => {
    expect(Errors(official, log)[1].slice(0, 3)).toEqual([]);
    expect(Check(official, log)).toBe(true);
    expect(run?.tool.driver.rules.map(({ id }) => String(id))).toEqual(Object.keys(CODES));
  });

  test("does not follow the standard with a value that it does not have", () => {
    expect(Check(official, JSON.parse(JSON.stringify(log).replace('"warning"', '"fatal"')))).toBe(false);
    expect(Check(official, JSON.parse(JSON.stringify(log).replace('"startLine":', '"line":')))).toBe(false);
  });

  test("has each finding's rule, level and position from the top of the repository", () => {
    expect(findings.length).toBeGreaterThan(3);
    for (const { physicalLocation } of run?.results.flatMap(({ locations }) => locations) ?? []) {
      expect(physicalLocation.artifactLocation.uri).toMatch(RelativeUri);
      expect(physicalLocation.artifactLocation).toMatchObject({ uriBaseId: "%SRCROOT%" });
    }
    const shown = run?.results.map(({ ruleIndex, level, locations: [location] }) => {
      const { artifactLocation, region } = location?.physicalLocation ?? {};
      return [run.tool.driver.rules[ruleIndex]?.id, level, artifactLocation?.uri, region];
    });
    expect(shown).toEqual(
      findings.map(({ code, severity, at: { file, line, column } }) => {
        return [code, severity, `shop/${file}`, { startLine: line, startColumn: column }];
      }),
    );
  });

  test("gives each finding a fingerprint of its own that lines inserted before it do not change", () => {
    const fingerprints = run?.results.map(({ partialFingerprints }) => Object.values(partialFingerprints)[0]);
    expect(new Set(fingerprints).size).toBe(findings.length);
    const moved = findings.map((finding) => ({
      ...finding,
      at: { ...finding.at, line: finding.at.line + 7 },
    }));
    expect(sarifLog(moved, PLACES).runs[0]?.results.map((result) => result.partialFingerprints)).toEqual(
      run?.results.map((result) => result.partialFingerprints),
    );
  });

  test("escapes names of files, and names one outside the repository in full", () => {
    const uris = ["a b#.yaml", "../x.yaml", "../../y.yaml"].map((file) => {
      const finding = { code: "full-names", severity: "warning", field: "", message: "m", fix: "f" } as const;
      const { runs } = sarifLog([{ ...finding, at: { file, line: 1, column: 1 } }], PLACES);
      return runs[0]?.results[0]?.locations[0]?.physicalLocation.artifactLocation.uri;
    });
    expect(uris).toEqual(["shop/a%20b%23.yaml", "x.yaml", "file:///y.yaml"]);
  });
});

test("GitHub annotations name the file from the top of the repository, and escape reserved characters", () => {
  const finding = { code: "full-names", severity: "error", field: "spec.hosts[0]" } as const;
  const at = { file: "a,b:c.yaml", line: 3, column: 9 };
  expect(
    githubAnnotations([{ ...finding, at, message: "100 % of\r\nthis", fix: "write: a, b" }], PLACES),
  ).toEqual([
    "::error file=shop/a%2Cb%3Ac.yaml,line=3,col=9,title=full-names::spec.hosts[0]: 100 %25 of%0D%0Athis%0Awrite: a, b",
  ]);
});
