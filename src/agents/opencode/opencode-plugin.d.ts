/** Its type as text. */

/** The plugin's text; the program it calls stands in it as `"PROGRAM"`. */
declare const text: string;
export default text;
