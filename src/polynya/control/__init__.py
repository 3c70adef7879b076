"""Who owns, who votes, who is blocked, who may deal with whom, since when?"""
