//! Invented people and companies. A number is mapped to the lists with steps that have no factor in common
//! with their lengths, so that neighbours have different names.

/// Given names.
const FIRST: [&str; 64] = [
    "Anna", "Ben", "Chloe", "Dev", "Elena", "Femi", "Grace", "Hugo", "Ines", "Jonas", "Kira", "Leo", "Maya",
    "Nils", "Olga", "Pavel", "Quentin", "Rosa", "Samir", "Tessa", "Umar", "Vera", "Wim", "Xenia", "Yusuf",
    "Zoe", "Amara", "Bram", "Carla", "Dario", "Edith", "Farid", "Gwen", "Henrik", "Isla", "Jamal", "Karin",
    "Lars", "Mina", "Noor", "Oscar", "Petra", "Ravi", "Sofia", "Tomas", "Ulla", "Viktor", "Wanda", "Yara",
    "Zain", "Aiko", "Boris", "Clara", "Diego", "Emil", "Freya", "Gita", "Hana", "Ivo", "Judit", "Kofi",
    "Lucia", "Malik", "Nadia",
];

/// Family names; one has an apostrophe, which is valid in an address.
const LAST: [&str; 64] = [
    "Abbott", "Bauer", "Castro", "Dube", "Eriks", "Falk", "Garcia", "Hart", "Ivanov", "Jansen", "Keller",
    "Lind", "Meyer", "Nowak", "O'Brien", "Patel", "Quinn", "Rossi", "Singh", "Tanaka", "Urban", "Vogel",
    "Walsh", "Xu", "Young", "Zeller", "Adeyemi", "Blanc", "Cohen", "Duarte", "Ekman", "Fox", "Greco", "Holm",
    "Ito", "Joshi", "King", "Lopez", "Moreau", "Nagy", "Okafor", "Petrov", "Rahman", "Santos", "Tran",
    "Unger", "Varga", "Weber", "Yilmaz", "Zhang", "Amin", "Berg", "Conti", "Dahl", "Egan", "Frost", "Gupta",
    "Hauser", "Iqbal", "Jung", "Klein", "Lowe", "Marsh", "Novak",
];

const HEADS: [&str; 40] = [
    "Bal", "Bren", "Cal", "Cor", "Dal", "Dor", "El", "Fen", "Fal", "Gal", "Gren", "Hal", "Hol", "Ister",
    "Jor", "Kal", "Kes", "Lar", "Lum", "Mar", "Mel", "Mor", "Nel", "Nor", "Or", "Pel", "Quil", "Ral", "Ros",
    "Sal", "Sten", "Tal", "Tor", "Ul", "Val", "Ver", "Wal", "Wen", "Yor", "Zel",
];
const JOINTS: [&str; 12] = ["a", "e", "i", "o", "u", "an", "en", "in", "on", "ar", "er", "or"];
const TAILS: [&str; 40] = [
    "bec", "bridge", "by", "cott", "croft", "dale", "dane", "dell", "don", "fax", "field", "fold", "gard",
    "gate", "grove", "ham", "haven", "hurst", "lake", "land", "leigh", "line", "lock", "mere", "mont",
    "more", "port", "quay", "side", "stead", "stone", "thorpe", "ton", "vale", "ville", "ward", "well",
    "wick", "wood", "worth",
];
const TRADES: [&str; 16] = [
    "Foods",
    "Freight",
    "Energy",
    "Textiles",
    "Systems",
    "Partners",
    "Optics",
    "Papers",
    "Marine",
    "Tools",
    "Health",
    "Seeds",
    "Interiors",
    "Software",
    "Metals",
    "Media",
];

/// How many words there are before they repeat with a number.
const WORDS: u64 = (HEADS.len() * JOINTS.len() * TAILS.len()) as u64;

/// The word in the name of company `number`.
pub fn company_word(number: u64) -> String {
    // 7,919 is prime and not a factor of the number of words, so every word occurs before one repeats.
    let at = (number % WORDS * 7_919 % WORDS) as usize;
    let (head, rest) = (at % HEADS.len(), at / HEADS.len());
    let (joint, tail) = (rest % JOINTS.len(), rest / JOINTS.len());
    let round = number / WORDS + 1;
    let suffix = if round > 1 { round.to_string() } else { String::new() };
    format!("{}{}{}{suffix}", HEADS[head], JOINTS[joint], TAILS[tail])
}

/// The full name of company `number`.
pub fn company_name(number: u64) -> String {
    format!("{} {}", company_word(number), TRADES[(number * 7 % TRADES.len() as u64) as usize])
}

/// First and last name of colleague `number`; below 4,096 no two colleagues share both.
pub fn colleague(number: u64) -> (&'static str, &'static str) {
    let (first, round) = (number * 27 % 64, number / 64);
    (FIRST[first as usize], LAST[((first * 37 + round + 5) % 64) as usize])
}

/// First and last name of a contact, from the number of the account and the number within it. The first 64
/// contacts of an account have different last names.
pub fn contact(account: u64, number: u64) -> (&'static str, &'static str) {
    let last = (account.wrapping_add(number * 23)) % 64;
    (FIRST[((account >> 8).wrapping_add(number * 13) % 64) as usize], LAST[last as usize])
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_not_shared() {
        let words: HashSet<String> = (0..WORDS + 1_000).map(company_word).collect();
        assert_eq!(words.len() as u64, WORDS + 1_000);
        let colleagues: HashSet<_> = (0..4_096).map(colleague).collect();
        assert_eq!(colleagues.len(), 4_096);
        let lasts: HashSet<_> = (0..64).map(|number| contact(12_345, number).1).collect();
        assert_eq!(lasts.len(), 64);
    }
}
