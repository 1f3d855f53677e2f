"""What the drill makes of a statement."""

import unittest

import terms


def made(sql):
    return [(mutant.change, mutant.term) for mutant in terms.mutants(sql)]


def texts(sql):
    return [mutant.sql for mutant in terms.mutants(sql)]


def both(*named):
    return [(change, term) for term in named for change in ("dropped", "negated")]


class Terms(unittest.TestCase):
    def test_each_term_is_dropped_and_negated_and_keeps_its_parameters(self):
        self.assertEqual(
            texts("DELETE FROM a WHERE b = $1 AND c IS NULL"),
            [
                "DELETE FROM a WHERE (1 = 1 OR (b = $1)) AND c IS NULL",
                "DELETE FROM a WHERE (NOT (b = $1)) AND c IS NULL",
                "DELETE FROM a WHERE b = $1 AND (1 = 1 OR (c IS NULL))",
                "DELETE FROM a WHERE b = $1 AND (NOT (c IS NULL))",
            ],
        )

    def test_a_term_of_an_or_is_dropped_by_making_it_false(self):
        self.assertIn("SELECT 1 FROM a WHERE (1 = 0 AND (b)) OR c", texts("SELECT 1 FROM a WHERE b OR c"))

    def test_an_or_is_a_term_as_a_whole_and_by_its_parts(self):
        expected = both("$1 IS NULL", "b = $1", "$1 IS NULL OR b = $1", "c")
        self.assertEqual(made("SELECT 1 FROM a WHERE ($1 IS NULL OR b = $1) AND c"), expected)

    def test_an_and_within_an_or_is_a_term_too(self):
        expected = both("b", "(c AND d)", "c", "d", "b OR (c AND d)")
        self.assertEqual(made("SELECT 1 FROM a WHERE b OR (c AND d)"), expected)

    def test_conditions_of_joins_and_of_inner_queries_count(self):
        sql = "SELECT (SELECT x FROM b JOIN c ON c.i = b.i WHERE c.j = a.j) FROM a WHERE EXISTS (SELECT 1 FROM d WHERE e)"
        expected = both("c.i = b.i", "c.j = a.j", "EXISTS (SELECT 1 FROM d WHERE e)", "e")
        self.assertEqual(made(sql), expected)

    def test_the_conditions_of_a_case_count_and_its_words_split_nothing_outside(self):
        sql = "SELECT 1 FROM a WHERE $1 = CASE WHEN b OR c THEN 1 ELSE 2 END AND d"
        expected = both("$1 = CASE WHEN b OR c THEN 1 ELSE 2 END", "d", "b", "c", "b OR c")
        self.assertEqual(made(sql), expected)

    def test_what_follows_a_condition_is_none_of_it(self):
        for behind in ("GROUP BY c", "ORDER BY c", "RETURNING c"):
            self.assertEqual(made(f"SELECT 1 FROM a WHERE b {behind}"), both("b"))

    def test_a_limit_is_lifted(self):
        self.assertEqual(texts("SELECT 1 FROM a LIMIT $1"), ["SELECT 1 FROM a LIMIT $1 + 1000000"])

    def test_on_conflict_is_no_condition_but_its_where_is(self):
        self.assertEqual(made("INSERT INTO a (b) VALUES ($1) ON CONFLICT (b) DO UPDATE SET c = 1 WHERE a.d"), both("a.d"))

    def test_a_condition_ends_where_a_conflict_is_spoken_of(self):
        sql = "INSERT INTO a (b) SELECT c FROM d WHERE e = $1 ON CONFLICT (b) DO UPDATE SET b = excluded.b"
        self.assertEqual(made(sql), both("e = $1"))

    def test_a_row_of_values_is_no_group_of_terms(self):
        self.assertEqual(made("SELECT 1 FROM a WHERE (b, c) > ($1, $2)"), both("(b, c) > ($1, $2)"))

    def test_a_word_in_a_text_is_none(self):
        self.assertEqual(made("SELECT 1 FROM a WHERE b = ' AND c OR (d'"), both("b = ' AND c OR (d'"))

    def test_what_cannot_be_read_is_an_error(self):
        for bad in ("SELECT # FROM a", "SELECT (1", "SELECT 1 FROM a WHERE"):
            with self.assertRaises(ValueError):
                terms.mutants(bad)


if __name__ == "__main__":
    unittest.main()
