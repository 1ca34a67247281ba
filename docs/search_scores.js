/* Sphinx's own weights, and one more: a reader who searches wants the guide before the
   reasons behind the code. */
var Scorer = {
  score: ([docname, title, anchor, description, score]) => {
    if (/^(user_guide\/|getting_started)/.test(docname)) return score + 10;
    if (/^(design\/|changelog)/.test(docname)) return score - 10;
    return score;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
