import countries from "i18n-iso-countries/index.js";
import english from "i18n-iso-countries/langs/en.json" with { type: "json" };

countries.registerLocale(english);

/** Whether a string is a code of ISO 3166-1 alpha-2. */
export const isCountry = (code: string): boolean => code.length === 2 && countries.isValid(code);

/** The code of a country by its English name; undefined if the standard has no such name. */
export const countryCode = (name: string): string | undefined => countries.getAlpha2Code(name.trim(), "en");

/** The code for the three-letter code of a passport; ICAO 9303 part 3 section 5 writes Germany as D. */
export const countryOfPassport = (code: string): string | undefined =>
  code === "D" ? "DE" : countries.alpha3ToAlpha2(code);
