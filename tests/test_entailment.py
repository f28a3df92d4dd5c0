"""Pairs of sentences: what is called true is true, and nothing gives the label away."""

from __future__ import annotations

from collections import Counter

import torch

from autograder.lab import entailment
from autograder.lab.entailment import LONGEST, MASK, SPECIALS, WORDS


def test_the_same_seed_gives_the_same_pairs() -> None:
    assert entailment.restated(20, seed=3) == entailment.restated(20, seed=3) != entailment.restated(20, seed=4)
    assert entailment.quadruples(20, seed=3) == entailment.quadruples(20, seed=3) != entailment.quadruples(20, seed=4)
    assert WORDS[MASK] == "[MASK]" and len(WORDS) == MASK + 1 and WORDS[:SPECIALS] == ["P", "S", "E"]


def test_a_restatement_says_less_or_the_same_in_another_order_and_its_links_are_its_words() -> None:
    for premise, hypothesis, links in entailment.restated(400):
        assert 3 <= len(hypothesis) <= len(premise) <= LONGEST
        assert hypothesis != premise and len(set(links)) == len(links)
        for word, link in zip(hypothesis, links, strict=True):
            assert premise[link] == word or {premise[link], word} == {"a", "an"}


def test_a_quadruple_has_each_sentence_with_both_labels() -> None:
    fours = entailment.quadruples(300, seed=1)
    pairs, labels = entailment.examples(fours)
    assert len({sentence for four in fours for sentence in (four.first.premise, four.second.premise)}) == 600
    for side in (0, 1):
        count: Counter[tuple[tuple[str, ...], int]] = Counter()
        for pair, label in zip(pairs, labels, strict=True):
            count[pair[side], label] += 1
        assert all(count[sentence, 0] == count[sentence, 1] for sentence, _ in count)


def test_a_false_hypothesis_is_not_said_by_its_premise() -> None:
    """It says something else: another word, or the same words otherwise; never a part of the premise in its order."""
    for first, second, change in entailment.quadruples(300, seed=2):
        bags = Counter(first.premise), Counter(second.premise)
        assert (bags[0] == bags[1]) == (change == "order")
        for premise, hypothesis in ((first.premise, second.hypothesis), (second.premise, first.hypothesis)):
            true = first.hypothesis if premise == first.premise else second.hypothesis
            assert hypothesis != true
    changes = Counter(four.change for four in entailment.quadruples(400, seed=2))
    assert 150 < changes["order"] < 250
    assert {four.change for four in entailment.quadruples(30, order=0.0)} == {"words"}


def test_a_batch_has_an_end_after_each_sentence_and_pads_behind() -> None:
    pairs = entailment.restated(8)
    ids, segment, mask = entailment.batch(pairs)
    for row, pair in enumerate(pairs):
        words = [*pair.premise, "E", *pair.hypothesis, "E"]
        assert [WORDS[i] for i in ids[row, : len(words)].tolist()] == words
        assert segment[row, : len(words)].tolist() == [0] * (len(pair.premise) + 1) + [1] * (len(pair.hypothesis) + 1)
        assert mask[row].sum() == len(words) and (ids[row, len(words) :] == 0).all()
    assert ids.dtype == segment.dtype == torch.long and mask.dtype == torch.bool


def test_verbs_to_mask_have_a_clause_between_or_none() -> None:
    for sentence, subject, verb in entailment.masked_verbs(40, clause=False):
        assert verb == subject + 1 and len(sentence) <= LONGEST
    for _, subject, verb in entailment.masked_verbs(40, clause=True):
        assert verb > subject + 3
