// Nothing on any page needs this: it adds what the design system's components do with scripts, and keeps no words.
import { initAll } from "./govuk-frontend.min.js";

initAll();
