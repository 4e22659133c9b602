"""Reading and writing physiology: eupnea against pandas."""
