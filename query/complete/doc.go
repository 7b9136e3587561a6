// Package complete fills the slots of completion: syntax.Complete says that an action can stand at the cursor, and this package
// which ones there are. It asks sources for names (the catalogue, the names of a snapshot, the history of a store) and knows no
// terminal.
//
// Caveats: a snapshot may hold millions of names, so that no source lists all of a kind: it gives the first few with a prefix and
// says whether there are more. Names come from others: what is to be written is spelled by syntax.Spell, and what is said about a
// candidate has to be made harmless by who shows it.
package complete
