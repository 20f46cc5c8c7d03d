/** What was asked for cannot be done here. The message is for the user: why, and what to do. */
export class UserError extends Error {}

/** Wrong usage of the command. The message names the option or its value. */
export class UsageError extends UserError {}

/** The user ended it. What was done so far stays. */
export class Interrupted extends Error {}
