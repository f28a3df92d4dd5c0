# %% [markdown]
# The answer catalogue of 00_start_here: right answers that look different, and wrong answers that students give.

# %% [markdown]
# ## build_vocabulary

# %% right="build_vocabulary" name="loops and an index"
def build_vocabulary(words):
    characters = []
    for word in words:
        for char in word:
            if char in ("P", "S", "E"):
                raise ValueError("special token in " + word)
            if char not in characters:
                characters.append(char)
    id_to_char = ["P", "S", "E"]
    id_to_char.extend(sorted(characters))
    char_to_id = {}
    for char in id_to_char:
        char_to_id[char] = id_to_char.index(char)
    return char_to_id, id_to_char


# %% right="build_vocabulary" name="set union and zip"
def build_vocabulary(words):
    bad = [word for word in words if set(word) & {"P", "S", "E"}]
    if bad:
        raise ValueError(f"these words contain P, S or E: {', '.join(bad)}")
    id_to_char = [*"PSE", *sorted(set().union(*words))]
    return dict(zip(id_to_char, range(len(id_to_char)))), id_to_char


# %% wrong="build_vocabulary" name="order of first occurrence" says="Your ids follow the order in which the characters occur, so the same words in another order get other ids, and a trained model is useless."
def build_vocabulary(words):
    id_to_char = ["P", "S", "E"]
    for word in words:
        for char in word:
            if char in "PSE":
                raise ValueError(f"{word} contains a special token")
            if char not in id_to_char:
                id_to_char.append(char)
    return {char: i for i, char in enumerate(id_to_char)}, id_to_char


# %% wrong="build_vocabulary" name="order of a set" says="A set has no order that you can rely on: at the next start of Python the same characters get other ids. Sort them."
def build_vocabulary(words):
    for word in words:
        if set(word) & set("PSE"):
            raise ValueError(f"{word} contains a special token")
    id_to_char = ["P", "S", "E"] + list(set("".join(words)))
    return {char: i for i, char in enumerate(id_to_char)}, id_to_char


# %% wrong="build_vocabulary" name="repeated characters" says="A character that occurs twice gets two ids in your list: collect each character once before you sort."
def build_vocabulary(words):
    for word in words:
        if any(mark in word for mark in "PSE"):
            raise ValueError(f"{word} contains a special token")
    id_to_char = ["P", "S", "E"] + sorted("".join(words))
    return {char: id_to_char.index(char) for char in id_to_char}, id_to_char


# %% wrong="build_vocabulary" name="special tokens last" says="P, S and E stand at the end of your list: then their ids depend on the words, but pad, start and end must be 0, 1 and 2 everywhere."
def build_vocabulary(words):
    for word in words:
        if any(mark in word for mark in "PSE"):
            raise ValueError(f"{word} contains a special token")
    id_to_char = sorted(set("".join(words))) + ["P", "S", "E"]
    return {char: i for i, char in enumerate(id_to_char)}, id_to_char


# %% wrong="build_vocabulary" name="special tokens sorted too" says="You sorted P, S and E together with the characters, which makes E the id 0: only the characters are sorted."
def build_vocabulary(words):
    for word in words:
        if any(mark in word for mark in "PSE"):
            raise ValueError(f"{word} contains a special token")
    id_to_char = sorted({"P", "S", "E"} | set("".join(words)))
    return {char: i for i, char in enumerate(id_to_char)}, id_to_char


# %% wrong="build_vocabulary" name="no special tokens" says="P, S and E are missing: without them there is no id for filling up, starting and ending."
def build_vocabulary(words):
    id_to_char = sorted(set("".join(words)))
    return {char: i for i, char in enumerate(id_to_char)}, id_to_char


# %% wrong="build_vocabulary" name="ids from 1" says="Your ids start at 1: they must start at 0, or char_to_id and the positions of id_to_char do not agree."
def build_vocabulary(words):
    for word in words:
        if any(mark in word for mark in "PSE"):
            raise ValueError(f"{word} contains a special token")
    id_to_char = ["P", "S", "E"] + sorted(set("".join(words)))
    return {char: i for i, char in enumerate(id_to_char, start=1)}, id_to_char


# %% wrong="build_vocabulary" name="whole words" says="You gave an id to every word: here a token is one character."
def build_vocabulary(words):
    for word in words:
        if any(mark in word for mark in "PSE"):
            raise ValueError(f"{word} contains a special token")
    id_to_char = ["P", "S", "E"] + sorted(set(words))
    return {char: i for i, char in enumerate(id_to_char)}, id_to_char


# %% wrong="build_vocabulary" name="tables swapped" says="The two tables come back in the wrong order: first char_to_id, then id_to_char."
def build_vocabulary(words):
    for word in words:
        if any(mark in word for mark in "PSE"):
            raise ValueError(f"{word} contains a special token")
    id_to_char = ["P", "S", "E"] + sorted(set("".join(words)))
    return id_to_char, {char: i for i, char in enumerate(id_to_char)}


# %% wrong="build_vocabulary" name="special letters accepted" says="A word with a capital P, S or E must be refused: its letter would get the id of a special token, and later nobody could tell them apart."
def build_vocabulary(words):
    id_to_char = ["P", "S", "E"] + sorted(set("".join(words)) - set("PSE"))
    return {char: i for i, char in enumerate(id_to_char)}, id_to_char


# %% wrong="build_vocabulary" name="special letter only in front" says="You look for P, S and E only at the start of a word: they can stand anywhere in it."
def build_vocabulary(words):
    for word in words:
        if word.startswith(("P", "S", "E")):
            raise ValueError(f"{word} contains a special token")
    id_to_char = ["P", "S", "E"] + sorted(set("".join(words)) - set("PSE"))
    return {char: i for i, char in enumerate(id_to_char)}, id_to_char


# %% wrong="build_vocabulary" name="lower case" says="You made all letters small: a capital letter is a character of its own, and encode would not find it."
def build_vocabulary(words):
    for word in words:
        if any(mark in word for mark in "PSE"):
            raise ValueError(f"{word} contains a special token")
    id_to_char = ["P", "S", "E"] + sorted(set("".join(words).lower()))
    return {char: i for i, char in enumerate(id_to_char)}, id_to_char


# %% wrong="build_vocabulary" name="always a to z" says="Your vocabulary is always a to z: the characters come from the words, and they need not be Latin letters."
def build_vocabulary(words):
    for word in words:
        if any(mark in word for mark in "PSE"):
            raise ValueError(f"{word} contains a special token")
    id_to_char = list("PSEabcdefghijklmnopqrstuvwxyz")
    return {char: i for i, char in enumerate(id_to_char)}, id_to_char


# %% wrong="build_vocabulary" name="sorts the caller's list" says="`words.sort()` sorts the list of the caller: whoever called you finds the words in another order."
def build_vocabulary(words):
    words.sort()
    for word in words:
        if any(mark in word for mark in "PSE"):
            raise ValueError(f"{word} contains a special token")
    id_to_char = ["P", "S", "E"] + sorted(set("".join(words)))
    return {char: i for i, char in enumerate(id_to_char)}, id_to_char


# %% right="build_vocabulary" name="an OrderedDict"
def build_vocabulary(words):
    from collections import OrderedDict

    table = OrderedDict([("P", 0), ("S", 1), ("E", 2)])
    for word in words:
        for mark in table:
            if mark in word:
                raise ValueError(f"{mark} in {word}")
    for char in sorted({char for word in words for char in word}):
        table[char] = len(table)
    return table, list(table)


# %% wrong="build_vocabulary" name="letters only" says="You keep letters only: a digit, a hyphen or a space gets no id, and a word with it can never be encoded."
def build_vocabulary(words):
    for word in words:
        if set(word) & set("PSE"):
            raise ValueError(f"special token in {word}")
    id_to_char = ["P", "S", "E", *sorted(char for char in set("".join(words)) if char.isalpha())]
    return {char: i for i, char in enumerate(id_to_char)}, id_to_char


# %% wrong="build_vocabulary" name="strips spaces" says="`strip` takes the spaces at both ends away: a space is a character like all others."
def build_vocabulary(words):
    for word in words:
        if set(word) & set("PSE"):
            raise ValueError(f"special token in {word}")
    id_to_char = ["P", "S", "E", *sorted(set("".join(word.strip() for word in words)))]
    return {char: i for i, char in enumerate(id_to_char)}, id_to_char


# %% wrong="build_vocabulary" name="sorted without regard to case" says="You sort with a key of your own, so capital letters stand beside small ones: the order is that of `sorted` alone."
def build_vocabulary(words):
    for word in words:
        if set(word) & set("PSE"):
            raise ValueError(f"special token in {word}")
    id_to_char = ["P", "S", "E", *sorted(set("".join(words)), key=lambda char: (char.lower(), char))]
    return {char: i for i, char in enumerate(id_to_char)}, id_to_char


# %% [markdown]
# ## encode


# %% right="encode" name="one loop"
def encode(word, char_to_id):
    ids = []
    for char in word:
        if char not in char_to_id:
            raise ValueError("unknown character: " + char)
        ids.append(char_to_id[char])
    return ids


# %% right="encode" name="catches the KeyError"
def encode(word, char_to_id):
    try:
        return [char_to_id[char] for char in word]
    except KeyError as error:
        raise ValueError(f"{error} has no id") from error


# %% right="encode" name="set of the unknown"
def encode(word, char_to_id):
    if unknown := set(word) - set(char_to_id):
        raise ValueError(f"unknown: {sorted(unknown)}")
    return list(map(char_to_id.get, word))


# %% wrong="encode" name="a bare KeyError" says="An unknown character gives a KeyError from deep inside: raise a ValueError that says what is wrong."
def encode(word, char_to_id):
    return [char_to_id[char] for char in word]


# %% wrong="encode" name="skips unknown characters" says="Unknown characters are dropped in silence, so `café` becomes `caf`, and nobody learns of it."
def encode(word, char_to_id):
    return [char_to_id[char] for char in word if char in char_to_id]


# %% wrong="encode" name="unknown becomes pad" says="An unknown character becomes 0, which is the pad: in the middle of a word it would look like filling."
def encode(word, char_to_id):
    return [char_to_id.get(char, 0) for char in word]


# %% wrong="encode" name="error names nothing" says="The error does not name the character, so the reader must search a long text for it."
def encode(word, char_to_id):
    for char in word:
        if char not in char_to_id:
            raise ValueError("there is an unknown character")
    return [char_to_id[char] for char in word]


# %% wrong="encode" name="adds E" says="You added the id of E: encode adds nothing, and who wants an end writes it into the word."
def encode(word, char_to_id):
    for char in word:
        if char not in char_to_id:
            raise ValueError(f"unknown character {char!r}")
    return [char_to_id[char] for char in word] + [char_to_id["E"]]


# %% wrong="encode" name="adds S" says="You put the id of S in front: encode adds nothing."
def encode(word, char_to_id):
    for char in word:
        if char not in char_to_id:
            raise ValueError(f"unknown character {char!r}")
    return [char_to_id["S"]] + [char_to_id[char] for char in word]


# %% wrong="encode" name="computes ids from the alphabet" says="You calculate the ids from the alphabet: that is right only if the vocabulary is exactly a to z. Look them up."
def encode(word, char_to_id):
    for char in word:
        if char not in char_to_id:
            raise ValueError(f"unknown character {char!r}")
    return [ord(char) - ord("a") + 3 for char in word]


# %% wrong="encode" name="each character once" says="A set drops repeated characters and their order: `all` would lose an l."
def encode(word, char_to_id):
    for char in word:
        if char not in char_to_id:
            raise ValueError(f"unknown character {char!r}")
    return [char_to_id[char] for char in sorted(set(word))]


# %% wrong="encode" name="lower case" says="You made all letters small: a capital letter is a character of its own."
def encode(word, char_to_id):
    ids = []
    for char in word.lower():
        if char not in char_to_id:
            raise ValueError(f"unknown character {char!r}")
        ids.append(char_to_id[char])
    return ids


# %% wrong="encode" name="strips spaces" says="You removed spaces from the word: a space is a character, and without an id it is an unknown one."
def encode(word, char_to_id):
    ids = []
    for char in word.strip():
        if char not in char_to_id:
            raise ValueError(f"unknown character {char!r}")
        ids.append(char_to_id[char])
    return ids


# %% wrong="encode" name="special letters refused" says="P, S and E are keys of char_to_id like all others: look them up, so that `upE` ends with the id of E."
def encode(word, char_to_id):
    for char in word:
        if char not in char_to_id or char in "PSE":
            raise ValueError(f"unknown character {char!r}")
    return [char_to_id[char] for char in word]


# %% wrong="encode" name="returns a tensor" says="A list is asked for: words have different lengths, and pad_batch makes the tensor of them later."
def encode(word, char_to_id):
    for char in word:
        if char not in char_to_id:
            raise ValueError(f"unknown character {char!r}")
    return torch.tensor([char_to_id[char] for char in word])


# %% wrong="encode" name="the id 0 is taken for nothing" says="`if not i` is also true for the id 0, so P counts as unknown. Ask whether the character is in the dict."
def encode(word, char_to_id):
    ids = []
    for char in word:
        i = char_to_id.get(char)
        if not i:
            raise ValueError(f"unknown character {char}")
        ids.append(i)
    return ids


# %% wrong="encode" name="the place in the dict" says="You take the place of the character in the dict for its id: the id is the value that stands there."
def encode(word, char_to_id):
    places = list(char_to_id)
    for char in word:
        if char not in places:
            raise ValueError(f"unknown character {char}")
    return [places.index(char) for char in word]


# %% wrong="encode" name="adds to the dict" says="`setdefault` writes the unknown character into the caller's dict: the next call knows it. Use `in` or `get`."
def encode(word, char_to_id):
    ids = []
    for char in word:
        if char_to_id.setdefault(char, -1) == -1:
            raise ValueError(f"unknown character {char}")
        ids.append(char_to_id[char])
    return ids


# %% wrong="encode" name="ids of one byte" says="Your ids go through a type of one byte, so those above 255 become others. A Python int holds every id."
def encode(word, char_to_id):
    for char in word:
        if char not in char_to_id:
            raise ValueError(f"unknown character {char}")
    return torch.tensor([char_to_id[char] for char in word]).to(torch.uint8).tolist()


# %% [markdown]
# ## decode


# %% right="decode" name="cuts first"
def decode(ids, id_to_char):
    if 2 in ids:
        ids = ids[: ids.index(2)]
    valid = range(len(id_to_char))
    for i in ids:
        if i not in valid:
            raise ValueError(f"no character has the id {i}")
    return "".join(id_to_char[i] for i in ids if i not in (0, 1))


# %% right="decode" name="while loop"
def decode(ids, id_to_char):
    characters, t = [], 0
    while t < len(ids) and ids[t] != E:
        if ids[t] < 0 or ids[t] >= len(id_to_char):
            raise ValueError(f"invalid id: {ids[t]}")
        characters.append("" if ids[t] < E else id_to_char[ids[t]])
        t += 1
    return "".join(characters)


# %% right="decode" name="takewhile"
def decode(ids, id_to_char):
    from itertools import takewhile

    table = dict(enumerate(id_to_char))
    table.update({P: "", S: ""})
    try:
        return "".join(table[i] for i in takewhile(lambda i: i != E, ids))
    except KeyError as error:
        raise ValueError(f"no character for {error}") from None


# %% wrong="decode" name="does not stop" says="Decoding must stop at the first E: what a model writes after it is noise."
def decode(ids, id_to_char):
    for i in ids:
        if not 0 <= i < len(id_to_char):
            raise ValueError(f"invalid id {i}")
    return "".join(id_to_char[i] for i in ids if i not in (P, S))


# %% wrong="decode" name="leaves out E and goes on" says="You leave E out like P and S, but go on reading: E means that the word is finished."
def decode(ids, id_to_char):
    word = ""
    for i in ids:
        if not 0 <= i < len(id_to_char):
            raise ValueError(f"invalid id {i}")
        if i in (P, S, E):
            continue
        word += id_to_char[i]
    return word


# %% wrong="decode" name="keeps the E" says="The E itself is in your word: it marks the end and is not a character of the word."
def decode(ids, id_to_char):
    word = ""
    for i in ids:
        if not 0 <= i < len(id_to_char):
            raise ValueError(f"invalid id {i}")
        if i not in (P, S):
            word += id_to_char[i]
        if i == E:
            break
    return word


# %% wrong="decode" name="stops at the last E" says="You stop at the last E: after the first one, nothing counts any more."
def decode(ids, id_to_char):
    if E in ids:
        ids = ids[: len(ids) - 1 - ids[::-1].index(E)]
    word = ""
    for i in ids:
        if not 0 <= i < len(id_to_char):
            raise ValueError(f"invalid id {i}")
        if i not in (P, S, E):
            word += id_to_char[i]
    return word


# %% wrong="decode" name="shows P and S" says="P and S are in your word: they are marks for the model and not characters of the word."
def decode(ids, id_to_char):
    word = ""
    for i in ids:
        if i == E:
            break
        if not 0 <= i < len(id_to_char):
            raise ValueError(f"invalid id {i}")
        word += id_to_char[i]
    return word


# %% wrong="decode" name="takes the ids out of the list" says="`pop` takes the ids out of the caller's own list: whoever called you finds it empty afterwards."
def decode(ids, id_to_char):
    word = ""
    while ids:
        i = ids.pop(0)
        if i == E:
            break
        if not 0 <= i < len(id_to_char):
            raise ValueError(f"invalid id {i}")
        if i not in (P, S):
            word += id_to_char[i]
    return word


# %% wrong="decode" name="stops at P" says="You stop at the first P: a pad is left out, but only E ends the word."
def decode(ids, id_to_char):
    word = ""
    for i in ids:
        if i in (P, E):
            break
        if not 0 <= i < len(id_to_char):
            raise ValueError(f"invalid id {i}")
        if i != S:
            word += id_to_char[i]
    return word


# %% wrong="decode" name="strips P only at the right" says="You remove pads only at the right end: P is left out wherever it stands."
def decode(ids, id_to_char):
    word = ""
    for i in ids:
        if i == E:
            break
        if not 0 <= i < len(id_to_char):
            raise ValueError(f"invalid id {i}")
        if i != S:
            word += id_to_char[i]
    return word.rstrip("P")


# %% wrong="decode" name="takes the last id for E" says="You drop the last id as if it were always E: a word without an E loses its last character."
def decode(ids, id_to_char):
    word = ""
    for i in ids[:-1]:
        if i == E:
            break
        if not 0 <= i < len(id_to_char):
            raise ValueError(f"invalid id {i}")
        if i not in (P, S):
            word += id_to_char[i]
    return word


# %% wrong="decode" name="takes E for granted" says="`index` raises an error if there is no E in the list: then the word goes to the end."
def decode(ids, id_to_char):
    word = ""
    for i in ids[: ids.index(E)]:
        if not 0 <= i < len(id_to_char):
            raise ValueError(f"invalid id {i}")
        if i not in (P, S):
            word += id_to_char[i]
    return word


# %% wrong="decode" name="negative ids" says="An id of -1 reads from the end of the list without any complaint: check both bounds."
def decode(ids, id_to_char):
    word = ""
    for i in ids:
        if i == E:
            break
        if i >= len(id_to_char):
            raise ValueError(f"invalid id {i}")
        if i not in (P, S):
            word += id_to_char[i]
    return word


# %% wrong="decode" name="a bare IndexError" says="An id without a character gives an IndexError from inside, or the wrong character if it is negative: raise a ValueError that names the id."
def decode(ids, id_to_char):
    word = ""
    for i in ids:
        if i == E:
            break
        if i not in (P, S):
            word += id_to_char[i]
    return word


# %% wrong="decode" name="bound off by one" says="The list has positions 0 to len - 1: your bound lets len itself through."
def decode(ids, id_to_char):
    word = ""
    for i in ids:
        if i == E:
            break
        if not 0 <= i <= len(id_to_char):
            raise ValueError(f"invalid id {i}")
        if i not in (P, S):
            word += id_to_char[i]
    return word


# %% wrong="decode" name="checks ids after E" says="You check ids that come after the first E: nothing there is looked at, so nothing there can be wrong."
def decode(ids, id_to_char):
    for i in ids:
        if not 0 <= i < len(id_to_char):
            raise ValueError(f"invalid id {i}")
    word = ""
    for i in ids:
        if i == E:
            break
        if i not in (P, S):
            word += id_to_char[i]
    return word


# %% wrong="decode" name="returns a list" says="A string is asked for, and you return a list of characters: join them."
def decode(ids, id_to_char):
    characters = []
    for i in ids:
        if i == E:
            break
        if not 0 <= i < len(id_to_char):
            raise ValueError(f"invalid id {i}")
        if i not in (P, S):
            characters.append(id_to_char[i])
    return characters


# %% wrong="decode" name="strips the word" says="`strip` takes spaces away that belong to the word: only P and S are left out."
def decode(ids, id_to_char):
    word = ""
    for i in ids:
        if i == E:
            break
        if i < 0 or i >= len(id_to_char):
            raise ValueError(f"invalid id {i}")
        if i > E:
            word += id_to_char[i]
    return word.strip()


# %% wrong="decode" name="each character once in a row" says="You leave out a character that comes twice in a row: `good` would become `god`."
def decode(ids, id_to_char):
    word = ""
    for i in ids:
        if i == E:
            break
        if i < 0 or i >= len(id_to_char):
            raise ValueError(f"invalid id {i}")
        if i > E and not word.endswith(id_to_char[i]):
            word += id_to_char[i]
    return word


# %% wrong="decode" name="empties P and S in the table" says="You write into the caller's id_to_char to make P and S vanish: after the call the table is spoiled. Leave them out while you read."
def decode(ids, id_to_char):
    ids = ids[: ids.index(E)] if E in ids else ids
    for i in ids:
        if i < 0 or i >= len(id_to_char):
            raise ValueError(f"invalid id {i}")
    id_to_char[P] = id_to_char[S] = ""
    return "".join(id_to_char[i] for i in ids)


# %% wrong="decode" name="only -1 is refused" says="You refuse -1, but every negative id reads from the end of the list: compare with 0."
def decode(ids, id_to_char):
    word = ""
    for i in ids:
        if i == E:
            break
        if i == -1 or i >= len(id_to_char):
            raise ValueError(f"invalid id {i}")
        if i not in (P, S):
            word += id_to_char[i]
    return word


# %% [markdown]
# ## pad_batch


# %% right="pad_batch" name="new lists"
def pad_batch(sequences, pad):
    if not sequences:
        raise ValueError("empty batch")
    lengths = [len(sequence) for sequence in sequences]
    T = max(lengths)
    rows = [list(sequence) + [pad] * (T - len(sequence)) for sequence in sequences]
    return torch.tensor(rows, dtype=torch.long), torch.tensor(lengths)


# %% right="pad_batch" name="pad_sequence from torch"
def pad_batch(sequences, pad):
    if len(sequences) == 0:
        raise ValueError("this is an empty batch")
    tensors = [torch.tensor(sequence, dtype=torch.long) for sequence in sequences]
    ids = torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=pad)
    return ids, torch.tensor([len(tensor) for tensor in tensors])


# %% right="pad_batch" name="zip_longest"
def pad_batch(sequences, pad):
    from itertools import zip_longest

    if not sequences:
        raise ValueError("Empty batch!")
    columns = list(zip_longest(*sequences, fillvalue=pad))  # T columns of B ids
    ids = torch.tensor(columns, dtype=torch.long).reshape(len(columns), len(sequences)).T
    return ids, torch.tensor(list(map(len, sequences)), dtype=torch.long)


# %% wrong="pad_batch" name="pads on the left" says="Your pads are on the left, so the first characters stand in different columns: pads go to the right."
def pad_batch(sequences, pad):
    if not sequences:
        raise ValueError("empty batch")
    lengths = [len(sequence) for sequence in sequences]
    T = max(lengths)
    rows = [[pad] * (T - len(sequence)) + list(sequence) for sequence in sequences]
    return torch.tensor(rows, dtype=torch.long), torch.tensor(lengths)


# %% wrong="pad_batch" name="appends to the caller's lists" says="You append the pads to the lists of the caller: after the call the data are spoiled. Make new lists."
def pad_batch(sequences, pad):
    if not sequences:
        raise ValueError("empty batch")
    lengths = [len(sequence) for sequence in sequences]
    T = max(lengths)
    for sequence in sequences:
        while len(sequence) < T:
            sequence.append(pad)
    return torch.tensor(sequences, dtype=torch.long), torch.tensor(lengths)


# %% wrong="pad_batch" name="sorts by length" says="You sorted the sequences by length: the rows must stay in the order of the caller, or they no longer fit to their targets."
def pad_batch(sequences, pad):
    if not sequences:
        raise ValueError("empty batch")
    sequences = sorted(sequences, key=len, reverse=True)
    lengths = [len(sequence) for sequence in sequences]
    rows = [list(sequence) + [pad] * (lengths[0] - len(sequence)) for sequence in sequences]
    return torch.tensor(rows, dtype=torch.long), torch.tensor(lengths)


# %% wrong="pad_batch" name="T of the first sequence" says="You take T from the first sequence: the longest one may stand anywhere."
def pad_batch(sequences, pad):
    if not sequences:
        raise ValueError("empty batch")
    T = len(sequences[0])
    rows = [(list(sequence) + [pad] * T)[:T] for sequence in sequences]
    return torch.tensor(rows, dtype=torch.long), torch.tensor([len(sequence) for sequence in sequences])


# %% wrong="pad_batch" name="always 0" says="You fill up with 0: the argument `pad` says what to fill up with."
def pad_batch(sequences, pad):
    if not sequences:
        raise ValueError("empty batch")
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    ids = torch.zeros(len(sequences), int(lengths.max()), dtype=torch.long)
    for b, sequence in enumerate(sequences):
        ids[b, : len(sequence)] = torch.tensor(sequence, dtype=torch.long)
    return ids, lengths


# %% wrong="pad_batch" name="floats" says="`torch.zeros` and `torch.ones` make floats: ids must be whole numbers (torch.long), or they cannot be used as an index."
def pad_batch(sequences, pad):
    if not sequences:
        raise ValueError("empty batch")
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    ids = torch.ones(len(sequences), int(lengths.max())) * pad
    for b, sequence in enumerate(sequences):
        ids[b, : len(sequence)] = torch.tensor(sequence)
    return ids, lengths


# %% wrong="pad_batch" name="fixed width 8" says="You always make 8 columns: T is the length of the longest sequence of this batch."
def pad_batch(sequences, pad):
    if not sequences:
        raise ValueError("empty batch")
    rows = [(list(sequence) + [pad] * 8)[:8] for sequence in sequences]
    return torch.tensor(rows, dtype=torch.long), torch.tensor([len(sequence) for sequence in sequences])


# %% wrong="pad_batch" name="cut to the shortest" says="`zip` stops at the shortest sequence, so the longer ones lose their ends: T is the length of the longest."
def pad_batch(sequences, pad):
    if not sequences:
        raise ValueError("empty batch")
    columns = list(zip(*sequences))
    ids = torch.tensor(columns, dtype=torch.long).reshape(len(columns), len(sequences)).T
    return ids, torch.tensor([len(sequence) for sequence in sequences])


# %% wrong="pad_batch" name="one column too many" says="There is one column of pads too many: T is exactly the length of the longest sequence."
def pad_batch(sequences, pad):
    if not sequences:
        raise ValueError("empty batch")
    lengths = [len(sequence) for sequence in sequences]
    T = max(lengths) + 1
    rows = [list(sequence) + [pad] * (T - len(sequence)) for sequence in sequences]
    return torch.tensor(rows, dtype=torch.long), torch.tensor(lengths)


# %% wrong="pad_batch" name="positions first" says="Your tensor is [T, B], with one word per column: in this course the batch comes first, [B, T]."
def pad_batch(sequences, pad):
    if not sequences:
        raise ValueError("empty batch")
    tensors = [torch.tensor(sequence, dtype=torch.long) for sequence in sequences]
    ids = torch.nn.utils.rnn.pad_sequence(tensors, padding_value=pad)
    return ids, torch.tensor([len(tensor) for tensor in tensors])


# %% wrong="pad_batch" name="lengths after padding" says="Your lengths are all T, because you measured after filling up: the true lengths are lost then."
def pad_batch(sequences, pad):
    if not sequences:
        raise ValueError("empty batch")
    T = max(len(sequence) for sequence in sequences)
    rows = [list(sequence) + [pad] * (T - len(sequence)) for sequence in sequences]
    return torch.tensor(rows, dtype=torch.long), torch.tensor([len(row) for row in rows])


# %% wrong="pad_batch" name="counts what is not a pad" says="You count the ids that differ from the pad: a pad inside a sequence makes that length too short. Take the length of the list."
def pad_batch(sequences, pad):
    if not sequences:
        raise ValueError("empty batch")
    T = max(len(sequence) for sequence in sequences)
    rows = [list(sequence) + [pad] * (T - len(sequence)) for sequence in sequences]
    ids = torch.tensor(rows, dtype=torch.long)
    return ids, (ids != pad).sum(dim=1)


# %% wrong="pad_batch" name="lengths in a list" says="The lengths are a Python list: a tensor is asked for, so that they can be compared with positions."
def pad_batch(sequences, pad):
    if not sequences:
        raise ValueError("empty batch")
    lengths = [len(sequence) for sequence in sequences]
    T = max(lengths)
    rows = [list(sequence) + [pad] * (T - len(sequence)) for sequence in sequences]
    return torch.tensor(rows, dtype=torch.long), lengths


# %% wrong="pad_batch" name="ids only" says="You return only the ids: without the lengths nobody can tell pads from tokens later."
def pad_batch(sequences, pad):
    if not sequences:
        raise ValueError("empty batch")
    T = max(len(sequence) for sequence in sequences)
    rows = [list(sequence) + [pad] * (T - len(sequence)) for sequence in sequences]
    return torch.tensor(rows, dtype=torch.long)


# %% wrong="pad_batch" name="error of max" says="For an empty batch the error comes from `max`, and does not say what is empty: raise your own, which says that it is the batch."
def pad_batch(sequences, pad):
    lengths = [len(sequence) for sequence in sequences]
    T = max(lengths)
    rows = [list(sequence) + [pad] * (T - len(sequence)) for sequence in sequences]
    return torch.tensor(rows, dtype=torch.long), torch.tensor(lengths)


# %% wrong="pad_batch" name="empty batch accepted" says="An empty batch passes in silence: a model would fail on it much later, far from the cause."
def pad_batch(sequences, pad):
    T = max((len(sequence) for sequence in sequences), default=0)
    rows = [list(sequence) + [pad] * (T - len(sequence)) for sequence in sequences]
    return torch.tensor(rows, dtype=torch.long), torch.tensor([len(sequence) for sequence in sequences])


# %% wrong="pad_batch" name="empty sequences refused" says="You refuse a batch of empty sequences: the batch is empty only if there is no sequence at all."
def pad_batch(sequences, pad):
    if not any(sequences):
        raise ValueError("empty batch")
    lengths = [len(sequence) for sequence in sequences]
    T = max(lengths)
    rows = [list(sequence) + [pad] * (T - len(sequence)) for sequence in sequences]
    return torch.tensor(rows, dtype=torch.long), torch.tensor(lengths)


# %% wrong="pad_batch" name="every 0 becomes a pad" says="You fill with 0 and then replace every 0, also those inside the sequences: fill up only what is behind a sequence."
def pad_batch(sequences, pad):
    if not sequences:
        raise ValueError("empty batch")
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    ids = torch.zeros(len(sequences), int(lengths.max()), dtype=torch.long)
    for b, sequence in enumerate(sequences):
        ids[b, : len(sequence)] = torch.tensor(sequence, dtype=torch.long)
    ids[ids == 0] = pad
    return ids, lengths


# %% wrong="pad_batch" name="every -1 becomes a pad" says="You mark empty places by -1 and then replace every -1, also one that stands in a sequence: fill up only what is behind a sequence."
def pad_batch(sequences, pad):
    if not sequences:
        raise ValueError("empty batch")
    T = max(map(len, sequences))
    ids = torch.tensor([list(sequence) + [-1] * (T - len(sequence)) for sequence in sequences], dtype=torch.long)
    ids = ids.view(len(sequences), T)
    return torch.where(ids < 0, pad, ids), torch.tensor([len(sequence) for sequence in sequences])


# %% wrong="pad_batch" name="ids of one byte" says="Your ids go through a type of one byte, so those above 255 become others: use torch.long from the start."
def pad_batch(sequences, pad):
    if not sequences:
        raise ValueError("empty batch")
    T = max(map(len, sequences))
    ids = torch.tensor([list(sequence) + [pad] * (T - len(sequence)) for sequence in sequences], dtype=torch.long)
    return ids.to(torch.uint8).long(), torch.tensor([len(sequence) for sequence in sequences])


# %% wrong="pad_batch" name="ids through floats" says="Your ids go through floats, which hold whole numbers exactly only up to 16 million: use torch.long from the start."
def pad_batch(sequences, pad):
    if not sequences:
        raise ValueError("empty batch")
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    ids = torch.full((len(sequences), int(lengths.max())), float(pad))
    for b, sequence in enumerate(sequences):
        ids[b, : len(sequence)] = torch.tensor(sequence, dtype=torch.float)
    return ids.long(), lengths


# %% [markdown]
# ## one_hot


# %% right="one_hot" name="rows of the identity"
def one_hot(ids, V):
    if ids.min() < 0 or ids.max() >= V:
        raise ValueError(f"ids from {ids.min()} to {ids.max()}, but V is {V}")
    return torch.eye(V)[ids]


# %% right="one_hot" name="torch's own"
def one_hot(ids, V):
    for i in ids.flatten().tolist():
        if i not in range(V):
            raise ValueError(f"no place for the id {i}")
    return torch.nn.functional.one_hot(ids, V).float()


# %% right="one_hot" name="scatter"
def one_hot(ids, V):
    bad = ids[(ids < 0) | (ids > V - 1)].tolist()
    if bad:
        raise ValueError(f"invalid ids: {bad}")
    x = torch.zeros(*ids.shape, V)
    return x.scatter_(2, ids[:, :, None], 1.0)


# %% right="one_hot" name="two loops"
def one_hot(ids, V):
    B, T = ids.shape
    x = torch.zeros(B, T, V)
    for b in range(B):
        for t in range(T):
            i = ids[b, t].item()
            if i < 0 or i >= V:
                raise ValueError(f"invalid id {i}")
            x[b, t, i] = 1.0
    return x


# %% wrong="one_hot" name="whole numbers" says="Your vectors hold whole numbers: a network multiplies them with float weights, and torch refuses to mix the two."
def one_hot(ids, V):
    if ids.min() < 0 or ids.max() >= V:
        raise ValueError(f"ids from {ids.min()} to {ids.max()}, but V is {V}")
    return torch.nn.functional.one_hot(ids, V)


# %% wrong="one_hot" name="V from the largest id" says="You take the size from the largest id of this batch: then two batches get vectors of different lengths. Use V."
def one_hot(ids, V):
    if ids.min() < 0 or ids.max() >= V:
        raise ValueError(f"ids from {ids.min()} to {ids.max()}, but V is {V}")
    return torch.nn.functional.one_hot(ids).float()


# %% wrong="one_hot" name="axis in the middle" says="The new dimension stands in the middle: it comes last, [B, T, V]."
def one_hot(ids, V):
    if ids.min() < 0 or ids.max() >= V:
        raise ValueError(f"ids from {ids.min()} to {ids.max()}, but V is {V}")
    return torch.eye(V)[ids].transpose(1, 2)


# %% wrong="one_hot" name="time and batch swapped" says="Your result is [T, B, V]: in this course the batch comes first."
def one_hot(ids, V):
    if ids.min() < 0 or ids.max() >= V:
        raise ValueError(f"ids from {ids.min()} to {ids.max()}, but V is {V}")
    return torch.eye(V)[ids.T]


# %% wrong="one_hot" name="pad without a 1" says="The pad has no 1 in your result: it is an id like all others. To leave pads out is the work of a mask."
def one_hot(ids, V):
    if ids.min() < 0 or ids.max() >= V:
        raise ValueError(f"ids from {ids.min()} to {ids.max()}, but V is {V}")
    x = torch.eye(V)[ids]
    x[ids == P] = 0
    return x


# %% wrong="one_hot" name="off by one" says="The 1 stands one position too far to the left: positions start at 0, so id 3 has its 1 at position 3."
def one_hot(ids, V):
    if ids.min() < 0 or ids.max() >= V:
        raise ValueError(f"ids from {ids.min()} to {ids.max()}, but V is {V}")
    return torch.eye(V)[ids - 1]


# %% wrong="one_hot" name="the id in place of 1" says="You wrote the id itself in place of 1: then id 20 again counts twice as much as id 10."
def one_hot(ids, V):
    if ids.min() < 0 or ids.max() >= V:
        raise ValueError(f"ids from {ids.min()} to {ids.max()}, but V is {V}")
    return torch.eye(V)[ids] * ids.unsqueeze(2)


# %% wrong="one_hot" name="zeros and ones swapped" says="Zeros and ones are swapped: there must be a single 1 in each vector, at the position where v equals the id."
def one_hot(ids, V):
    if ids.min() < 0 or ids.max() >= V:
        raise ValueError(f"ids from {ids.min()} to {ids.max()}, but V is {V}")
    return (ids.unsqueeze(2) != torch.arange(V)).float()


# %% wrong="one_hot" name="all ids of a word in one vector" says="You put all ids of a word into one vector: the order of the characters is lost, and every position needs its own vector."
def one_hot(ids, V):
    if ids.min() < 0 or ids.max() >= V:
        raise ValueError(f"ids from {ids.min()} to {ids.max()}, but V is {V}")
    return torch.eye(V)[ids].amax(dim=1)


# %% wrong="one_hot" name="bools" says="Your result holds True and False: a network calculates with floats."
def one_hot(ids, V):
    if ids.min() < 0 or ids.max() >= V:
        raise ValueError(f"ids from {ids.min()} to {ids.max()}, but V is {V}")
    return ids.unsqueeze(2) == torch.arange(V)


# %% wrong="one_hot" name="negative ids as an index" says="As an index, -1 counts from the end, so it becomes the last character without any complaint: check both bounds."
def one_hot(ids, V):
    if ids.max() >= V:
        raise ValueError(f"the id {ids.max()} is too large for V = {V}")
    return torch.eye(V)[ids]


# %% wrong="one_hot" name="a bare IndexError" says="A too large id gives an IndexError, and a negative one passes in silence: raise a ValueError that names the id."
def one_hot(ids, V):
    return torch.eye(V)[ids]


# %% wrong="one_hot" name="zeros for an invalid id" says="An id that does not exist becomes a vector of zeros in silence: raise an error, or the bug shows itself much later."
def one_hot(ids, V):
    return (ids.unsqueeze(2) == torch.arange(V)).float()


# %% wrong="one_hot" name="torch's own RuntimeError" says="torch raises a RuntimeError that does not name the id: check the ids first, and raise a ValueError."
def one_hot(ids, V):
    return torch.nn.functional.one_hot(ids, V).float()


# %% wrong="one_hot" name="bound off by one" says="V itself is accepted: the largest valid id is V - 1."
def one_hot(ids, V):
    if ids.min() < 0 or ids.max() > V:
        raise ValueError(f"ids from {ids.min()} to {ids.max()}, but V is {V}")
    return (ids.unsqueeze(2) == torch.arange(V)).float()


# %% wrong="one_hot" name="refuses the last id" says="You refuse the id V - 1: it is the last valid one."
def one_hot(ids, V):
    if ids.min() < 0 or ids.max() >= V - 1:
        raise ValueError(f"ids from {ids.min()} to {ids.max()}, but V is {V}")
    return torch.eye(V)[ids]


# %% wrong="one_hot" name="ids of one byte" says="Your ids go through a type of one byte, so those above 255 become others."
def one_hot(ids, V):
    if ids.min() < 0 or ids.max() >= V:
        raise ValueError(f"ids from {ids.min()} to {ids.max()}, but V is {V}")
    return torch.eye(V)[ids.to(torch.uint8).long()]


# %% wrong="one_hot" name="loses a batch of one" says="`squeeze` drops every dimension of size 1: one sequence of one id is still [1, 1]."
def one_hot(ids, V):
    if ids.min() < 0 or ids.max() >= V:
        raise ValueError(f"ids from {ids.min()} to {ids.max()}, but V is {V}")
    return torch.eye(V)[ids.squeeze()]


# %% wrong="one_hot" name="a dimension in the caller's ids" says="`unsqueeze_` gives the caller's own tensor one more dimension: without the underline it makes a new view."
def one_hot(ids, V):
    if ids.min() < 0 or ids.max() >= V:
        raise ValueError(f"ids from {ids.min()} to {ids.max()}, but V is {V}")
    return (ids.unsqueeze_(2) == torch.arange(V)).float()


# %% [markdown]
# ## padding_mask


# %% right="padding_mask" name="two loops"
def padding_mask(lengths, T):
    mask = torch.zeros(len(lengths), T, dtype=torch.bool)
    for b, length in enumerate(lengths.tolist()):
        if length > T:
            raise ValueError(f"the longest sequence has {max(lengths.tolist())} tokens, T is {T}")
        mask[b, :length] = True
    return mask


# %% right="padding_mask" name="a list of rows"
def padding_mask(lengths, T):
    sizes = lengths.tolist()
    if max(sizes) > T:
        raise ValueError(f"{max(sizes)} > {T}")
    return torch.tensor([[True] * size + [False] * (T - size) for size in sizes])


# %% right="padding_mask" name="from the other side"
def padding_mask(lengths, T):
    if (lengths > T).any():
        raise ValueError(f"T = {T} is shorter than {lengths.max()}")
    t = torch.arange(T).expand(len(lengths), T)
    return ~(t >= lengths[:, None])


# %% wrong="padding_mask" name="inverted" says="Your mask is True at the pads: in this course True means that a token is there."
def padding_mask(lengths, T):
    if lengths.max() > T:
        raise ValueError(f"{lengths.max()} > {T}")
    return torch.arange(T) >= lengths.unsqueeze(1)


# %% wrong="padding_mask" name="one too many" says="`<=` makes one position too many real: positions start at 0, so a word of length 3 has t = 0, 1, 2."
def padding_mask(lengths, T):
    if lengths.max() > T:
        raise ValueError(f"{lengths.max()} > {T}")
    return torch.arange(T) <= lengths.unsqueeze(1)


# %% wrong="padding_mask" name="one too few" says="Your mask has one True too few in each row: positions start at 0, not at 1."
def padding_mask(lengths, T):
    if lengths.max() > T:
        raise ValueError(f"{lengths.max()} > {T}")
    return torch.arange(1, T + 1) < lengths.unsqueeze(1)


# %% wrong="padding_mask" name="real on the right" says="Your mask is right for pads on the left: here the pads are on the right."
def padding_mask(lengths, T):
    if lengths.max() > T:
        raise ValueError(f"{lengths.max()} > {T}")
    return torch.arange(T) >= T - lengths.unsqueeze(1)


# %% wrong="padding_mask" name="floats" says="Your mask holds 1.0 and 0.0: numbers cannot pick positions out, as in `x[mask]`, and `~mask` fails."
def padding_mask(lengths, T):
    if lengths.max() > T:
        raise ValueError(f"{lengths.max()} > {T}")
    return (torch.arange(T) < lengths.unsqueeze(1)).float()


# %% wrong="padding_mask" name="whole numbers" says="Your mask holds 1 and 0: as an index these mean row 1 and row 0, not yes and no. Use bools."
def padding_mask(lengths, T):
    if lengths.max() > T:
        raise ValueError(f"{lengths.max()} > {T}")
    mask = torch.zeros(len(lengths), T, dtype=torch.long)
    for b, length in enumerate(lengths.tolist()):
        mask[b, :length] = 1
    return mask


# %% wrong="padding_mask" name="ignores T" says="Your mask is as wide as the longest length: T is given, because the batch may be wider."
def padding_mask(lengths, T):
    if lengths.max() > T:
        raise ValueError(f"{lengths.max()} > {T}")
    return torch.arange(int(lengths.max())) < lengths.unsqueeze(1)


# %% wrong="padding_mask" name="transposed" says="Your mask is [T, B]: rows belong to the sequences, so the lengths must stand as a column."
def padding_mask(lengths, T):
    if lengths.max() > T:
        raise ValueError(f"{lengths.max()} > {T}")
    return torch.arange(T).unsqueeze(1) < lengths


# %% wrong="padding_mask" name="no column" says="Lengths and positions are both rows: make a column of the lengths, or torch compares them one by one."
def padding_mask(lengths, T):
    if lengths.max() > T:
        raise ValueError(f"{lengths.max()} > {T}")
    return torch.arange(T) < lengths


# %% wrong="padding_mask" name="only the end" says="You marked only the last real position: every position before the length is real."
def padding_mask(lengths, T):
    if lengths.max() > T:
        raise ValueError(f"{lengths.max()} > {T}")
    return torch.arange(T) == lengths.unsqueeze(1) - 1


# %% wrong="padding_mask" name="empty sequence counts as one" says="A sequence of length 0 has no real token, so its row has no True."
def padding_mask(lengths, T):
    if lengths.max() > T:
        raise ValueError(f"{lengths.max()} > {T}")
    return torch.arange(T) < lengths.clamp(min=1).unsqueeze(1)


# %% wrong="padding_mask" name="cuts in silence" says="A sequence that is longer than T is cut in silence: its end has no position in the mask, so raise an error."
def padding_mask(lengths, T):
    return torch.arange(T) < lengths.unsqueeze(1)


# %% wrong="padding_mask" name="full rows refused" says="You refuse a sequence of length T: it fits exactly, without any pad."
def padding_mask(lengths, T):
    if lengths.max() >= T:
        raise ValueError(f"{lengths.max()} >= {T}")
    return torch.arange(T) < lengths.unsqueeze(1)


# %% wrong="padding_mask" name="bound off by one" says="A sequence that is one token longer than T passes: it is too long as well."
def padding_mask(lengths, T):
    if lengths.max() > T + 1:
        raise ValueError(f"{lengths.max()} > {T}")
    return torch.arange(T) < lengths.unsqueeze(1)


# %% wrong="padding_mask" name="looks at the first length" says="You compare only the first length with T: the longest sequence may stand anywhere."
def padding_mask(lengths, T):
    if lengths[0] > T:
        raise ValueError(f"{lengths[0]} > {T}")
    return torch.arange(T) < lengths.unsqueeze(1)


# %% wrong="padding_mask" name="a dimension in the caller's lengths" says="`unsqueeze_` gives the caller's own tensor one more dimension: without the underline it makes a new view."
def padding_mask(lengths, T):
    if lengths.max() > T:
        raise ValueError(f"{lengths.max()} > {T}")
    return torch.arange(T) < lengths.unsqueeze_(1)


# %% wrong="padding_mask" name="positions of one byte" says="A type of one byte ends at 127 or 255: in longer sequences the positions start again from below."
def padding_mask(lengths, T):
    if lengths.max() > T:
        raise ValueError(f"{lengths.max()} > {T}")
    return torch.arange(T).to(torch.int8) < lengths.to(torch.int8).unsqueeze(1)


# %% wrong="padding_mask" name="loses a batch of one" says="`squeeze` drops the dimension of the batch where it has one sequence: the mask is [1, T]."
def padding_mask(lengths, T):
    if lengths.max() > T:
        raise ValueError(f"{lengths.max()} > {T}")
    return (torch.arange(T) < lengths.unsqueeze(1)).squeeze(0)


# %% wrong="padding_mask" name="names the first length that is too large" says="Your message names the first length that is too large: the largest one says how many positions are needed."
def padding_mask(lengths, T):
    for length in lengths.tolist():
        if length > T:
            raise ValueError(f"{length} > {T}")
    return torch.arange(T) < lengths.unsqueeze(1)
