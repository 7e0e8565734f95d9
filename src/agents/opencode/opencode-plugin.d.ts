/** The plugin's text; the program it calls is written in it as `"PROGRAM"`. */
declare const text: string;
export default text;
