/** The requested operation is not possible. The message is for the user: the reason and a remedy. */
export class UserError extends Error {}

/** Wrong usage of the command. The message names the option or its value. */
export class UsageError extends UserError {}

/** The user ended it. Completed work remains. */
export class Interrupted extends Error {}
